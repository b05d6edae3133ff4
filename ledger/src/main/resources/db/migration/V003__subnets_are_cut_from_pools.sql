-- Address space: pools of a cluster, subnets of nodes; the exclusion constraints are the last judges of overlap.
create table pool (
  cluster_id uuid        not null constraint pool_cluster_fkey references cluster (id),
  name       text        not null,
  cidr       cidr        not null,
  created_at timestamptz not null default now(),
  constraint pool_pkey primary key (cluster_id, name),
  constraint pool_cidr_no_overlap exclude using gist (cluster_id with =, cidr inet_ops with &&)
);
comment on table pool is 'Written by ipam-service. Address space of a cluster that subnets are cut from.';

create table subnet (
  id          uuid        not null constraint subnet_pkey primary key,
  cluster_id  uuid        not null,
  node_id     uuid        not null,
  ordinal     int         not null constraint subnet_ordinal_check check (ordinal >= 0),
  pool        text        not null,
  cidr        cidr        not null,
  gateway     inet        not null,
  gateway_mac macaddr     not null,
  created_at  timestamptz not null default now(),
  constraint subnet_node_fkey foreign key (node_id, cluster_id) references node (id, cluster_id),
  constraint subnet_pool_fkey foreign key (cluster_id, pool) references pool (cluster_id, name),
  constraint subnet_ordinal_key unique (node_id, ordinal),
  constraint subnet_gateway_check check (gateway << cidr),
  constraint subnet_cidr_no_overlap exclude using gist (cluster_id with =, cidr inet_ops with &&)
);
comment on table subnet is 'Written by ipam-service. A node has a list of them; ordinal is the caller''s key, so that asking again finds the same one.';
