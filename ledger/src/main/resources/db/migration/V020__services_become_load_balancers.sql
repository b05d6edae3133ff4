-- Services of a cluster become load balancers in its network; what each should be is kept here.
create table load_balancing (
  cluster_id                uuid        not null constraint load_balancing_pkey primary key constraint load_balancing_cluster_fkey references cluster (id) on delete cascade,
  secret_ref                text,
  load_balancer_class       text        not null,
  unclassed                 boolean     not null,
  cluster_addresses_outside boolean     not null,
  node_port_cidrs           cidr[]      not null,
  node_port_addresses       inet[]      not null,
  external_cidrs            cidr[]      not null,
  state                     text        not null constraint load_balancing_state_check check (state in ('pending', 'ready', 'failed', 'deleting')),
  state_reason              text,
  created_at                timestamptz not null default now(),
  revision                  bigint      not null default 0
);
comment on table load_balancing is 'Written by lb-sync-service. A cluster whose Services are watched. secret_ref names the secret with its kubeconfig, null where the service runs inside it.';

create table load_balancer (
  id           uuid        not null constraint load_balancer_pkey primary key,
  cluster_id   uuid        not null constraint load_balancer_cluster_fkey references cluster (id) on delete cascade,
  namespace    text        not null,
  name         text        not null,
  service_uid  text        not null,
  fingerprint  text        not null,
  state        text        not null constraint load_balancer_state_check check (state in ('pending', 'active', 'failed')),
  state_reason text,
  changed_at   timestamptz not null default now(),
  revision     bigint      not null default 0,
  constraint load_balancer_service_key unique (cluster_id, namespace, name)
);
comment on table load_balancer is 'Written by lb-sync-service. One a Service; id follows from cluster, namespace and name. fingerprint is of all that it should be.';

create table listener (
  load_balancer_id uuid   not null constraint listener_load_balancer_fkey references load_balancer (id) on delete cascade,
  cluster_id       uuid   not null,
  ip               inet   not null,
  protocol         text   not null constraint listener_protocol_check check (protocol in ('tcp', 'udp', 'sctp')),
  port             int    not null constraint listener_port_check check (port between 1 and 65535),
  reach            text   not null constraint listener_reach_check check (reach in ('inside', 'outside')),
  spread           text   not null constraint listener_spread_check check (spread in ('anywhere', 'same_node')),
  on_empty         text   not null constraint listener_on_empty_check check (on_empty in ('refuse', 'drop')),
  affinity_seconds int,
  sources          cidr[] not null,
  pool             text   not null,
  constraint listener_frontend_key primary key (cluster_id, ip, protocol, port, reach)
);
comment on table listener is 'Written by lb-sync-service. An address and port is one balancer''s in a cluster: the key is the judge. pool names the members that it spreads over.';
create index listener_by_load_balancer on listener (load_balancer_id);

create table member (
  load_balancer_id uuid not null constraint member_load_balancer_fkey references load_balancer (id) on delete cascade,
  pool             text not null,
  ip               inet not null,
  port             int  not null constraint member_port_check check (port between 1 and 65535),
  node_id          uuid,
  constraint member_pkey primary key (load_balancer_id, pool, ip, port)
);
comment on table member is 'Written by lb-sync-service. Who answers. Whose port the address is, a join with port says; a VM or a machine has none.';

create table external_address (
  cluster_id       uuid        not null,
  ip               inet        not null,
  load_balancer_id uuid        not null constraint external_address_load_balancer_fkey references load_balancer (id) on delete cascade,
  granted_at       timestamptz not null default now(),
  constraint external_address_pkey primary key (cluster_id, ip),
  constraint external_address_load_balancer_key unique (load_balancer_id)
);
comment on table external_address is 'Written by lb-sync-service. Who has which address of the cluster''s external_cidrs.';

create function load_balancing_wakes() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  perform pg_notify('ledger', 'load_balancing:' || case when tg_op = 'DELETE' then old.cluster_id else new.cluster_id end);
  return null;
end $$;
create trigger load_balancing_wakes_on_insert after insert or delete on load_balancing for each row execute function load_balancing_wakes();
create trigger load_balancing_wakes_on_update after update of revision on load_balancing for each row execute function load_balancing_wakes();
