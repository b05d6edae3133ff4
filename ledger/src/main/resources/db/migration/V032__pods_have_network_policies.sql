-- Kubernetes' NetworkPolicies narrow what security profiles allow; which there are, and who watches them, is kept here.
alter table security add column policies boolean not null default false;
alter table security add column policies_secret text;
comment on column security.policies is 'Whether the cluster''s NetworkPolicies count.';
comment on column security.policies_secret is 'Names the mounted secret with the way to the cluster''s API server; null where the services run in it.';

create table network_policy (
  id            uuid        not null constraint network_policy_pkey primary key,
  cluster_id    uuid        not null constraint network_policy_cluster_fkey references cluster (id) on delete cascade,
  namespace     text        not null,
  name          text        not null,
  pod_selector  jsonb       not null,
  backend_id    text,
  state         text        not null constraint network_policy_state_check check (state in ('pending', 'ready', 'failed', 'deleting')),
  state_reason  text,
  created_at    timestamptz not null default now()
);
comment on table network_policy is 'Written by security-service. A NetworkPolicy of the cluster; kept after it went until no port is in it. profile_binding names it as it names profiles.';
comment on column network_policy.id is 'Follows from the cluster and from the policy''s uid there.';
comment on column network_policy.backend_id is 'Its name in the network; null until the network has had it once.';
create index network_policy_by_cluster on network_policy (cluster_id);

create table policy_watch (
  cluster_id uuid        not null constraint policy_watch_pkey primary key constraint policy_watch_cluster_fkey references cluster (id) on delete cascade,
  replica    uuid        not null,
  until      timestamptz not null
);
comment on table policy_watch is 'Written by security-service. Which of its replicas watches the cluster''s policies, and until when the others leave it to that one.';

grant select on network_policy, policy_watch to portolan_security, portolan_topology, portolan_ipam, portolan_lb, portolan_reader;
grant insert, update, delete on network_policy, policy_watch to portolan_security;
