-- What may pass a pod's port is said by security profiles; who is in which, and what waits in which, is kept here.
create table security (
  cluster_id       uuid        not null constraint security_pkey primary key constraint security_cluster_fkey references cluster (id) on delete cascade,
  default_profiles uuid[]      not null,
  state            text        not null constraint security_state_check check (state in ('pending', 'ready', 'failed', 'deleting')),
  state_reason     text,
  state_problem    text,
  created_at       timestamptz not null default now(),
  revision         bigint      not null default 0
);
comment on table security is 'Written by security-service. A cluster whose ports are closed unless they are in a profile; without a row they are open.';

create table security_profile (
  id            uuid        not null constraint security_profile_pkey primary key,
  cluster_id    uuid        not null constraint security_profile_cluster_fkey references cluster (id) on delete cascade,
  name          text        not null,
  description   text        not null,
  adopted_group text,
  namespaces    text[],
  backend_id    text,
  made_revision bigint,
  state         text        not null constraint security_profile_state_check check (state in ('pending', 'ready', 'failed', 'deleting')),
  state_reason  text,
  state_problem text,
  created_at    timestamptz not null default now(),
  revision      bigint      not null default 0,
  constraint security_profile_name_key unique (cluster_id, name),
  constraint security_profile_group_key unique (cluster_id, adopted_group),
  constraint security_profile_made_check check ((backend_id is null) = (made_revision is null))
);
comment on table security_profile is 'Written by security-service. Who is in it may send and hear what its rules say, or what the adopted group in the network does.';
comment on column security_profile.namespaces is 'Whose pods may name it; null for all.';
comment on column security_profile.backend_id is 'Its name in the network; null until the network has had it once.';
comment on column security_profile.made_revision is 'The revision that the network was last brought to.';

create table security_rule (
  profile_id     uuid    not null constraint security_rule_profile_fkey references security_profile (id) on delete cascade,
  ordinal        int     not null,
  direction      text    not null constraint security_rule_direction_check check (direction in ('ingress', 'egress')),
  action         text    not null constraint security_rule_action_check check (action in ('allow', 'drop')),
  priority       int     not null constraint security_rule_priority_check check (priority between 0 and 999),
  protocol       text    not null constraint security_rule_protocol_check check (protocol in ('any', 'tcp', 'udp', 'sctp', 'icmp')),
  port_first     int,
  port_last      int,
  remote_cidr    cidr,
  remote_profile uuid    constraint security_rule_remote_fkey references security_profile (id) deferrable initially deferred,
  remote_group   text,
  log            boolean not null,
  constraint security_rule_pkey primary key (profile_id, ordinal),
  constraint security_rule_ports_check check ((port_first is null) = (port_last is null) and (port_first is null or
    (port_first between 1 and port_last and port_last <= 65535 and protocol in ('tcp', 'udp', 'sctp')))),
  constraint security_rule_remote_check check (num_nonnulls(remote_cidr, remote_profile, remote_group) <= 1)
);
comment on table security_rule is 'Written by security-service. No remote is everyone. Profiles may name each other: the key is judged at commit.';
create index security_rule_by_remote on security_rule (remote_profile) where remote_profile is not null;

create table profile_pool (
  cluster_id uuid        not null constraint profile_pool_cluster_fkey references cluster (id) on delete cascade,
  name       text        not null,
  profiles   uuid[]      not null constraint profile_pool_profiles_check check (cardinality(profiles) between 1 and 8),
  size       int         not null constraint profile_pool_size_check check (size between 0 and 1024),
  node_class text,
  created_at timestamptz not null default now(),
  revision   bigint      not null default 0,
  constraint profile_pool_pkey primary key (cluster_id, name)
);
comment on table profile_pool is 'Written by security-service. So many free ports of each node (of the class, where one is named) wait in these profiles.';

-- Never the same number twice: a row that was deleted and made again is not taken for the old one.
create sequence profile_binding_revision;
create table profile_binding (
  port_id       uuid        not null constraint profile_binding_pkey primary key constraint profile_binding_port_fkey references port (id) on delete cascade,
  cluster_id    uuid        not null,
  node_id       uuid        not null,
  wanted        uuid[]      not null,
  applied       uuid[],
  pod_namespace text,
  pod_name      text,
  pod_uid       text,
  changed_at    timestamptz not null default clock_timestamp(),
  revision      bigint      not null default nextval('profile_binding_revision')
);
comment on table profile_binding is 'Written by security-service. In which profiles a port should be, written before the network is told; a port without a row should be closed.';
comment on column profile_binding.applied is 'What the network last took; null where that is not known.';
comment on column profile_binding.pod_name is 'For whom it was asked, where it was; who has the port now is said by port.';
create index profile_binding_by_node on profile_binding (node_id);
create index profile_binding_unfinished on profile_binding (cluster_id) where applied is distinct from wanted;
create index profile_binding_by_profile on profile_binding using gin (wanted);

create table closed_node (
  node_id    uuid        not null constraint closed_node_pkey primary key constraint closed_node_node_fkey references node (id) on delete cascade,
  cluster_id uuid        not null,
  closed_at  timestamptz not null default now()
);
comment on table closed_node is 'Written by security-service. Nodes whose network was told to close ports that are in no profile.';

create function security_wakes() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  perform pg_notify('ledger', tg_table_name || ':' || case when tg_op = 'DELETE' then old.cluster_id else new.cluster_id end);
  return null;
end $$;
create trigger security_wakes_on_insert after insert or delete on security for each row execute function security_wakes();
create trigger security_wakes_on_update after update of revision on security for each row execute function security_wakes();
create trigger security_profile_wakes_on_insert after insert or delete on security_profile for each row execute function security_wakes();
create trigger security_profile_wakes_on_update after update of revision on security_profile for each row execute function security_wakes();

-- security-service has a role of its own; the other services may look at what it keeps.
do $$
begin
  create role portolan_security nologin;
exception when duplicate_object or unique_violation then
  null; -- roles belong to the server: another database's migration made it
end $$;

grant usage on schema public to portolan_security;
grant select on all tables in schema public to portolan_security;
grant select on security, security_profile, security_rule, profile_pool, profile_binding, closed_node to portolan_topology, portolan_ipam, portolan_lb, portolan_reader;
grant insert, update, delete on security, security_profile, security_rule, profile_pool, profile_binding, closed_node to portolan_security;
grant usage on sequence profile_binding_revision to portolan_security;
