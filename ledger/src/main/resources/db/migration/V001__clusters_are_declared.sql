-- A cluster is the unit of addressing: inside one nothing overlaps, two of them may.
create extension if not exists btree_gist;

create table cluster (
  id               uuid        not null constraint cluster_pkey primary key,
  name             text        not null constraint cluster_name_key unique,
  mode             text        not null constraint cluster_mode_check check (mode in ('overlay', 'underlay')),
  pod_cidrs        cidr[]      not null constraint cluster_pod_cidrs_check check (cardinality(pod_cidrs) > 0),
  service_cidr     cidr,
  backend          text        not null,
  secret_ref       text,
  router_adopted   text,
  router_id        text,
  mtu              int         not null constraint cluster_mtu_check check (mtu between 576 and 9216),
  lease_batch      int         not null constraint cluster_lease_batch_check check (lease_batch between 1 and 256),
  warm_headroom    int         not null constraint cluster_warm_headroom_check check (warm_headroom between 0 and 1024),
  cooldown_seconds int         not null constraint cluster_cooldown_check check (cooldown_seconds between 0 and 86400),
  pods_per_cpu     int         not null,
  pods_per_gib     int         not null,
  min_pods         int         not null,
  max_pods         int         not null,
  state            text        not null constraint cluster_state_check check (state in ('pending', 'ready', 'failed', 'deleting')),
  state_reason     text,
  created_at       timestamptz not null default now(),
  revision         bigint      not null default 0
);
comment on table cluster is 'Written by topology-service. id is the cluster''s UID, the mark on all that is made for it in a network. secret_ref names a secret, it never is one.';
comment on column cluster.router_adopted is 'The router that the operator gave us ($ROUTER_ID); null where we make one.';
comment on column cluster.router_id is 'The router in the network, once it is made or adopted.';

create table node_class (
  cluster_id   uuid not null constraint node_class_cluster_fkey references cluster (id) on delete cascade,
  name         text not null,
  pods_per_cpu int  not null,
  pods_per_gib int  not null,
  min_pods     int  not null,
  max_pods     int  not null,
  constraint node_class_pkey primary key (cluster_id, name)
);
comment on table node_class is 'Written by topology-service. Sizing of the nodes of one kind; a node without a class is sized by its cluster.';
