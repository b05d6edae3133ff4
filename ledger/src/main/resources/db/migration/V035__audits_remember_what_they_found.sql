-- An audit compares what four parts say of a port; it needs the nodes' word, and what it found has an age. A vanished node is fenced.
alter table cluster add column southbound text;
comment on column cluster.southbound is 'Where OVN says which chassis has bound which port; null where nobody said.';

alter table node drop constraint node_state_check;
alter table node add constraint node_state_check check (state in ('joining', 'ready', 'fenced', 'draining', 'failed'));

create table node_cache (
  node_id        uuid        not null constraint node_cache_pkey primary key constraint node_cache_node_fkey references node (id) on delete cascade,
  epoch          bigint      not null,
  digest         text        not null,
  ports          jsonb       not null,
  seen_at        timestamptz not null default now(),
  compare_wanted boolean     not null default false
);
comment on table node_cache is 'Written by topology-service. What a node''s agent last said that its cache holds. Only audits read it; nothing is decided by it.';
comment on column node_cache.epoch is 'Of the agent that said so; a node''s replaced agent cannot write here.';
comment on column node_cache.seen_at is 'When the agent last said that this is still so.';
comment on column node_cache.compare_wanted is 'Whether the agent is to hold its cache against the ledger at once; it learns of it when it next says what it holds.';

create table audit (
  cluster_id uuid        not null constraint audit_pkey primary key constraint audit_cluster_fkey references cluster (id) on delete cascade,
  run        uuid        not null,
  started_at timestamptz not null,
  ended_at   timestamptz not null,
  nodes      int         not null,
  told       int         not null,
  ports      int         not null,
  parts      jsonb       not null
);
comment on table audit is 'Written by topology-service. The last audit of a cluster that came to an end, and which parts it could read.';
comment on column audit.told is 'Nodes that had said lately what they hold; only their caches were held against the ledger.';

create table audit_finding (
  cluster_id uuid        not null constraint audit_finding_cluster_fkey references cluster (id) on delete cascade,
  kind       text        not null,
  subject    uuid        not null,
  node_id    uuid,
  port_id    uuid,
  ip         inet,
  says       jsonb       not null,
  run        uuid        not null,
  first_seen timestamptz not null default now(),
  last_seen  timestamptz not null default now(),
  constraint audit_finding_pkey primary key (cluster_id, kind, subject)
);
comment on table audit_finding is 'Written by topology-service. Disagreements by the run that last saw them; one that a later run looked for and did not see is deleted.';
comment on column audit_finding.subject is 'The port, or the node where it is about no port. No foreign keys: what one part knows may be unknown to the ledger.';

grant select on node_cache, audit, audit_finding to portolan_topology, portolan_ipam, portolan_lb, portolan_security, portolan_reader;
grant insert, update, delete on node_cache, audit, audit_finding to portolan_topology;
