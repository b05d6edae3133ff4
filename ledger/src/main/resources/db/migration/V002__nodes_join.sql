-- A node joins under its name; its epoch fences every agent but the one that registered last.
create table node (
  id           uuid        not null constraint node_pkey primary key,
  cluster_id   uuid        not null constraint node_cluster_fkey references cluster (id),
  name         text        not null,
  cpus         int         not null constraint node_cpus_check check (cpus between 1 and 4096),
  memory_mib   int         not null constraint node_memory_check check (memory_mib between 128 and 67108864),
  max_pods     int         not null constraint node_max_pods_check check (max_pods between 1 and 4000),
  chassis      text,
  parent_port  text,
  node_class   text,
  agent        uuid        not null,
  epoch        bigint      not null constraint node_epoch_check check (epoch > 0),
  state        text        not null constraint node_state_check check (state in ('joining', 'ready', 'draining', 'failed')),
  state_reason text,
  force_drain  boolean     not null default false,
  joined_at    timestamptz not null default now(),
  last_seen    timestamptz not null default now(),
  revision     bigint      not null default 0,
  constraint node_name_key unique (cluster_id, name),
  constraint node_chassis_key unique (cluster_id, chassis),
  constraint node_parent_port_key unique (cluster_id, parent_port),
  constraint node_id_cluster_key unique (id, cluster_id),
  constraint node_attachment_check check ((chassis is null) <> (parent_port is null))
);
comment on table node is 'Written by topology-service. One of chassis (overlay) and parent_port (underlay) says where its ports bind.';
