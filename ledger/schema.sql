-- The whole ledger in one piece, for reading. The migrations make it; a test proves that they make exactly this.
-- PostgreSQL 15 or newer. Run as a role that may create roles and the extension btree_gist.

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
  revision         bigint      not null default 0,
  external_network text,
  network          text,
  nesting_wanted   text        constraint cluster_nesting_wanted_check check (nesting_wanted in ('auto', 'trunk', 'binding-profile')),
  nesting          text        constraint cluster_nesting_check check (nesting in ('trunk', 'binding-profile')),
  state_problem    text,
  further_pods     int         not null default 5 constraint cluster_further_pods_check check (further_pods between 5 and 4000),
  subnet_idle_seconds int      not null default 600 constraint cluster_subnet_idle_check check (subnet_idle_seconds between 0 and 604800),
  southbound       text,
  constraint cluster_cloud_check check ((mode = 'underlay') = (nesting_wanted is not null)
    and (mode = 'underlay' or (external_network is null and network is null and nesting is null)))
);
comment on table cluster is 'Written by topology-service. id is the cluster''s UID, the mark on all that is made for it in a network. secret_ref names a secret, it never is one.';
comment on column cluster.southbound is 'Where OVN says which chassis has bound which port; null where nobody said.';
comment on column cluster.router_adopted is 'The router that the operator gave us ($ROUTER_ID); null where we make one.';
comment on column cluster.router_id is 'The router in the network, once it is made or adopted.';
comment on column cluster.external_network is 'Name or id of the network that the router has its gateway on; underlay only.';
comment on column cluster.network is 'Name or id of a network that was there, on which all nodes'' subnets are made; null where each node has its own; underlay only.';
comment on column cluster.nesting is 'How ports are taken into VMs, decided when the cluster was put up first: its ports cannot change it.';
comment on column cluster.state_problem is 'The stable name of what state_reason says, such as quota-exceeded; docs/http.md lists them.';
comment on column cluster.further_pods is 'A node''s further subnet has room for so many pods at least.';
comment on column cluster.subnet_idle_seconds is 'A subnet that its node could do without for so long is offered back; 0 is never.';

create table node_class (
  cluster_id   uuid not null constraint node_class_cluster_fkey references cluster (id) on delete cascade,
  name         text not null,
  pods_per_cpu int  not null,
  pods_per_gib int  not null,
  min_pods     int  not null,
  max_pods     int  not null,
  lease_batch         int constraint node_class_lease_batch_check check (lease_batch between 1 and 256),
  warm_headroom       int constraint node_class_warm_headroom_check check (warm_headroom between 0 and 1024),
  further_pods        int constraint node_class_further_pods_check check (further_pods between 5 and 4000),
  subnet_idle_seconds int constraint node_class_subnet_idle_check check (subnet_idle_seconds between 0 and 604800),
  constraint node_class_pkey primary key (cluster_id, name)
);
comment on table node_class is 'Written by topology-service. Sizing of the nodes of one kind; a node without a class is sized by its cluster.';
comment on column node_class.lease_batch is 'Null here, as in the three after it, is as the cluster has it.';

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
  state        text        not null constraint node_state_check check (state in ('joining', 'ready', 'fenced', 'draining', 'failed')),
  state_reason text,
  force_drain  boolean     not null default false,
  joined_at    timestamptz not null default now(),
  last_seen    timestamptz not null default now(),
  revision     bigint      not null default 0,
  state_problem text,
  ports_used    int,
  ports_pending int,
  ports_wanted  int not null default 0,
  surplus_since timestamptz,
  constraint node_name_key unique (cluster_id, name),
  constraint node_chassis_key unique (cluster_id, chassis),
  constraint node_parent_port_key unique (cluster_id, parent_port),
  constraint node_id_cluster_key unique (id, cluster_id),
  constraint node_attachment_check check ((chassis is null) <> (parent_port is null))
);
comment on table node is 'Written by topology-service. One of chassis (overlay) and parent_port (underlay) says where its ports bind.';
comment on column node.state_problem is 'The stable name of what state_reason says, such as quota-exceeded; docs/http.md lists them.';
comment on column node.ports_used is 'By its agent''s word: ports that pods have or had a moment ago. Null where the agent does not say.';
comment on column node.ports_pending is 'By its agent''s word: pods that are scheduled to the node and have no port yet.';
comment on column node.ports_wanted is 'How many ports it should have for that; a change of it wakes the loop, one of the words does not.';
comment on column node.surplus_since is 'Since when it could do without one of its further subnets; null while it could not.';

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
  state       text        not null default 'live' constraint subnet_state_check check (state in ('live', 'offered', 'draining')),
  offered_at  timestamptz,
  refused_at  timestamptz,
  constraint subnet_node_fkey foreign key (node_id, cluster_id) references node (id, cluster_id),
  constraint subnet_pool_fkey foreign key (cluster_id, pool) references pool (cluster_id, name),
  constraint subnet_ordinal_key unique (node_id, ordinal),
  constraint subnet_gateway_check check (gateway << cidr),
  constraint subnet_cidr_no_overlap exclude using gist (cluster_id with =, cidr inet_ops with &&),
  constraint subnet_offered_check check ((state = 'live') = (offered_at is null)),
  constraint subnet_first_check check (ordinal > 0 or state = 'live')
);
comment on table subnet is 'Written by ipam-service. A node has a list of them; ordinal is the caller''s key, so that asking again finds the same one.';
comment on column subnet.state is 'Of an offered one no port is leased any more; it drains once its node has given all of them back.';
comment on column subnet.refused_at is 'When its node last refused an offer: by using a port of it, or by a claim that found no other.';

-- A port for every usable address of a subnet; its state says who has it.
create table port (
  id            uuid        not null constraint port_pkey primary key,
  cluster_id    uuid        not null,
  node_id       uuid        not null,
  subnet_id     uuid        not null constraint port_subnet_fkey references subnet (id),
  ip            inet        not null,
  mac           macaddr     not null,
  parent        text,
  vlan_tag      int         constraint port_vlan_tag_check check (vlan_tag between 1 and 4094),
  backend_id    text,
  state         text        not null constraint port_state_check check (state in
                  ('planned', 'provisioning', 'free', 'leased', 'bound', 'cooling', 'draining', 'failed')),
  state_reason  text,
  claim         uuid,
  lease_epoch   bigint,
  sandbox       text,
  interface     text,
  pod_namespace text,
  pod_name      text,
  pod_uid       text,
  released_at   timestamptz,
  last_report   uuid,
  changed_at    timestamptz not null default now(),
  changed_by    text        not null,
  revision      bigint      not null default 0,
  made_at       timestamptz,
  constraint port_node_fkey foreign key (node_id, cluster_id) references node (id, cluster_id),
  constraint port_subnet_ip_key unique (subnet_id, ip),
  constraint port_cluster_ip_key unique (cluster_id, ip),
  constraint port_subnet_mac_key unique (subnet_id, mac),
  constraint port_parent_vlan_tag_key unique (cluster_id, parent, vlan_tag),
  constraint port_backend_id_key unique (cluster_id, backend_id),
  constraint port_sandbox_interface_key unique (node_id, sandbox, interface),
  constraint port_nested_check check ((parent is null) = (vlan_tag is null)),
  constraint port_made_check check (backend_id is not null or state not in ('free', 'leased', 'bound', 'cooling')),
  constraint port_leased_check check (lease_epoch is not null or state not in ('leased', 'bound')),
  constraint port_not_leased_check check (lease_epoch is null or state in ('leased', 'bound', 'cooling')),
  constraint port_bound_check check ((state = 'bound') = (sandbox is not null) and (sandbox is null) = (interface is null))
);
comment on table port is 'Written by ipam-service. One row an address. A sandbox is unique per node, because a container id is.';
comment on column port.ip is 'The port''s first address. A dual-stack port''s further ones belong in a table (port_id, subnet_id, ip) of their own; the API already answers a list.';
comment on column port.lease_epoch is 'The epoch of the node that holds it in its cache; null while no cache holds it.';
comment on column port.made_at is 'When the network was last said to have it: from provisioning to free.';
comment on column port.last_report is 'The agent''s report that changed it last: reporting again changes nothing.';

create index port_free on port (node_id, released_at nulls first, ip) where state = 'free';
create index port_by_node on port (node_id, state, ip);
create index port_by_claim on port (claim) where claim is not null;
create index port_cooling on port (released_at) where state = 'cooling';

-- Who had which address, when, and by whom changed: append-only, partitioned by month, kept as long as asked.
create table port_event (
  at            timestamptz not null,
  recorded_at   timestamptz not null default clock_timestamp(),
  cluster_id    uuid        not null,
  node_id       uuid        not null,
  port_id       uuid        not null,
  ip            inet        not null,
  from_state    text,
  to_state      text        not null,
  state_reason  text,
  sandbox       text,
  interface     text,
  pod_namespace text,
  pod_name      text,
  pod_uid       text,
  changed_by    text        not null,
  revision      bigint      not null,
  report        uuid
) partition by range (at);
comment on table port_event is 'Written by ipam-service, by the triggers on port alone; to_state is removed when the row of the port is gone. Rows are never changed: there is no grant to.';
comment on column port_event.report is 'The agent''s report that made the change; null where the ledger made it by itself.';
create table port_event_rest partition of port_event default;
comment on table port_event_rest is 'Catches what no month was made for; empty while ipam-service runs.';
create index port_event_by_address on port_event (cluster_id, ip, at desc, revision desc);
create index port_event_by_port on port_event (port_id, at desc, revision desc);

create function port_event_months(first date, months int) returns int
  language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  month  date;
  part   text;
  bounds text;
  made   int := 0;
begin
  for i in 0 .. months - 1 loop
    month := date_trunc('month', first)::date + make_interval(months => i);
    part := format('port_event_%s', to_char(month, 'YYYYMM'));
    if to_regclass('public.' || part) is null then
      bounds := format('from (%L) to (%L)', to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
      execute format('create table public.%I (like public.port_event including defaults)', part);
      execute format('with beside as (delete from public.port_event_rest where at >= %L and at < %L returning *) insert into public.%I select * from beside',
        to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00', part);
      execute format('alter table public.port_event attach partition public.%I for values %s', part, bounds);
      made := made + 1;
    end if;
  end loop;
  return made;
end $$;
comment on function port_event_months is 'Makes the partitions of so many months from the one of the given day on; answers how many were missing.';

create function port_event_forget(before date) returns int
  language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  part    record;
  dropped int := 0;
begin
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.port_event'::regclass and c.relname ~ '^port_event_[0-9]{6}$'
      and to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= before
  loop
    execute format('drop table public.%I', part.relname);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;
comment on function port_event_forget is 'Drops the months that ended on or before the given day; answers how many.';

create function port_remembers() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'INSERT' then
    insert into port_event (at, cluster_id, node_id, port_id, ip, from_state, to_state, state_reason, sandbox, interface, pod_namespace, pod_name, pod_uid, changed_by, revision)
    select n.changed_at, n.cluster_id, n.node_id, n.id, n.ip, null, n.state, n.state_reason, n.sandbox, n.interface, n.pod_namespace, n.pod_name, n.pod_uid, n.changed_by, n.revision
    from new_rows n;
  elsif tg_op = 'UPDATE' then
    insert into port_event (at, cluster_id, node_id, port_id, ip, from_state, to_state, state_reason, sandbox, interface, pod_namespace, pod_name, pod_uid, changed_by, revision, report)
    select n.changed_at, n.cluster_id, n.node_id, n.id, n.ip, o.state, n.state, n.state_reason, coalesce(n.sandbox, o.sandbox), coalesce(n.interface, o.interface),
           coalesce(n.pod_namespace, o.pod_namespace), coalesce(n.pod_name, o.pod_name), coalesce(n.pod_uid, o.pod_uid), n.changed_by, n.revision,
           case when n.last_report is distinct from o.last_report then n.last_report end
    from new_rows n join old_rows o on o.id = n.id
    where o.state is distinct from n.state or o.sandbox is distinct from n.sandbox;
  else
    insert into port_event (at, cluster_id, node_id, port_id, ip, from_state, to_state, changed_by, revision)
    select greatest(o.changed_at, clock_timestamp()), o.cluster_id, o.node_id, o.id, o.ip, o.state, 'removed', o.changed_by, o.revision + 1
    from old_rows o;
  end if;
  return null;
end $$;
create trigger port_remembers_inserts after insert on port referencing new table as new_rows for each statement execute function port_remembers();
create trigger port_remembers_updates after update on port referencing old table as old_rows new table as new_rows for each statement execute function port_remembers();
create trigger port_remembers_deletes after delete on port referencing old table as old_rows for each statement execute function port_remembers();

-- Services are woken by a notification 'table:id'; a timer finds what was missed. Claims and reports notify nobody: NOTIFY serialises commits.
create function row_wakes() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  perform pg_notify('ledger', tg_table_name || ':' || case when tg_op = 'DELETE' then old.id else new.id end);
  return null;
end $$;
create trigger cluster_wakes after insert or delete or update of pod_cidrs, router_adopted, state, revision on cluster for each row execute function row_wakes();
create trigger node_wakes_on_insert after insert or delete on node for each row execute function row_wakes();
create trigger node_wakes_on_update after update of state, epoch, chassis, parent_port, force_drain, ports_wanted on node for each row
  when (old.state is distinct from new.state or old.chassis is distinct from new.chassis or old.parent_port is distinct from new.parent_port or old.force_drain is distinct from new.force_drain
    or old.ports_wanted is distinct from new.ports_wanted)
  execute function row_wakes();

create function subnet_wakes() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  perform pg_notify('ledger', 'node:' || case when tg_op = 'DELETE' then old.node_id else new.node_id end);
  return null;
end $$;
create trigger subnet_wakes after insert or delete on subnet for each row execute function subnet_wakes();
create trigger subnet_wakes_on_update after update of state on subnet for each row
  when (old.state is distinct from new.state) execute function subnet_wakes();

create function port_wakes() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  perform pg_notify('ledger', 'node:' || node_id) from (select distinct node_id from new_rows where state in ('planned', 'draining')) n;
  return null;
end $$;
create trigger port_wakes_on_insert after insert on port referencing new table as new_rows for each statement execute function port_wakes();
create trigger port_wakes_on_update after update on port referencing new table as new_rows for each statement execute function port_wakes();

-- A role per service, granted to that service's login; the database itself keeps a service from another's tables.
do $$
declare
  service text;
begin
  foreach service in array array['portolan_topology', 'portolan_ipam', 'portolan_reader'] loop
    begin
      execute format('create role %I nologin', service);
    exception when duplicate_object or unique_violation then
      null; -- roles belong to the server: another database's migration made it
    end;
  end loop;
end $$;

revoke all on schema public from public;
grant usage on schema public to portolan_topology, portolan_ipam, portolan_reader;
grant select on all tables in schema public to portolan_topology, portolan_ipam, portolan_reader;

grant insert, update, delete on cluster, node_class, node to portolan_topology;
grant insert, update, delete on pool, subnet, port to portolan_ipam;
grant insert on port_event to portolan_ipam;

revoke execute on function port_event_months(date, int), port_event_forget(date) from public;
grant execute on function port_event_months(date, int), port_event_forget(date) to portolan_ipam;


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

-- lb-sync-service has a role of its own; the other services may look at what it keeps.
do $$
begin
  create role portolan_lb nologin;
exception when duplicate_object or unique_violation then
  null; -- roles belong to the server: another database's migration made it
end $$;

grant usage on schema public to portolan_lb;
grant select on all tables in schema public to portolan_lb;
grant select on load_balancing, load_balancer, listener, member, external_address to portolan_topology, portolan_ipam, portolan_reader;
grant insert, update, delete on load_balancing, load_balancer, listener, member, external_address to portolan_lb;

-- A cluster has one way in and out, its gateway; an address outside may stand for one pod.
create table gateway (
  cluster_id         uuid        not null constraint gateway_pkey primary key constraint gateway_cluster_fkey references cluster (id) on delete cascade,
  physical_network   text,
  vlan               int         constraint gateway_vlan_check check (vlan between 1 and 4094),
  network            cidr,
  address            inet,
  next_hop           inet,
  chassis            text[]      not null,
  node_class         text,
  snat               boolean     not null,
  snat_address       inet,
  no_snat_cidrs      cidr[]      not null,
  floating_cidrs     cidr[]      not null,
  external_addresses inet[]      not null default '{}',
  state              text        not null constraint gateway_state_check check (state in ('pending', 'ready', 'failed', 'deleting')),
  state_reason       text,
  state_problem      text,
  created_at         timestamptz not null default now(),
  revision           bigint      not null default 0,
  constraint gateway_attachment_check check (num_nonnulls(physical_network, network, address, next_hop) in (0, 4))
);
comment on table gateway is 'Written by topology-service. Where a cluster''s router meets the outside. Without physical_network the network''s own router knows: underlay mode.';
comment on column gateway.chassis is 'Those that can have it, the preferred one first; empty where the nodes of node_class can, the oldest first.';
comment on column gateway.external_addresses is 'The router''s addresses outside, as the network says.';
comment on column gateway.state_problem is 'The stable name of what state_reason says; docs/http.md lists them.';

create table floating_ip (
  id            uuid        not null constraint floating_ip_pkey primary key,
  cluster_id    uuid        not null constraint floating_ip_cluster_fkey references cluster (id) on delete cascade,
  name          text        not null,
  ip_wanted     inet,
  ip            inet,
  pod_namespace text,
  pod_name      text,
  port_id       uuid,
  sandbox       text,
  state         text        not null constraint floating_ip_state_check check (state in ('pending', 'waiting', 'active', 'failed', 'deleting')),
  state_reason  text,
  state_problem text,
  created_at    timestamptz not null default now(),
  revision      bigint      not null default 0,
  constraint floating_ip_name_key unique (cluster_id, name),
  constraint floating_ip_ip_key unique (cluster_id, ip),
  constraint floating_ip_pod_key unique (cluster_id, pod_namespace, pod_name),
  constraint floating_ip_port_key unique (port_id),
  constraint floating_ip_pod_check check ((pod_namespace is null) = (pod_name is null)),
  constraint floating_ip_sandbox_check check ((port_id is null) = (sandbox is null))
);
comment on table floating_ip is 'Written by topology-service. An address outside that stands for a pod, wherever that pod is; kept while it stands for none.';
comment on column floating_ip.ip_wanted is 'The address that was asked for; null where any will do.';
comment on column floating_ip.port_id is 'The port that the network may lead it to: written before the network is told, emptied after the network was told to stop. No foreign key: a port may go first, and the network must be told all the same.';
comment on column floating_ip.sandbox is 'Who had that port then. Once somebody else has it, or nobody, the address leads nowhere.';

create function gateway_wakes() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  perform pg_notify('ledger', 'gateway:' || case when tg_op = 'DELETE' then old.cluster_id else new.cluster_id end);
  return null;
end $$;
create trigger gateway_wakes_on_insert after insert or delete on gateway for each row execute function gateway_wakes();
create trigger gateway_wakes_on_update after update of revision on gateway for each row execute function gateway_wakes();
create trigger floating_ip_wakes_on_insert after insert or delete on floating_ip for each row execute function row_wakes();
create trigger floating_ip_wakes_on_update after update of revision on floating_ip for each row execute function row_wakes();

-- Ports come and go by thousands: only those that a floating address leads to, or whose pod has one, wake anybody.
create function port_moves_floating_ip() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  perform pg_notify('ledger', 'floating_ip:' || moved.id)
  from (select f.id from new_rows n join floating_ip f on f.port_id = n.id
        union
        select f.id from new_rows n join floating_ip f on f.cluster_id = n.cluster_id and f.pod_namespace = n.pod_namespace and f.pod_name = n.pod_name) moved;
  return null;
end $$;
create trigger port_moves_floating_ip after update on port referencing new table as new_rows for each statement execute function port_moves_floating_ip();

grant select on gateway, floating_ip to portolan_topology, portolan_ipam, portolan_lb, portolan_reader;
grant insert, update, delete on gateway, floating_ip to portolan_topology;

-- What may pass a pod's port is said by security profiles; who is in which, and what waits in which, is kept here.
create table security (
  cluster_id       uuid        not null constraint security_pkey primary key constraint security_cluster_fkey references cluster (id) on delete cascade,
  default_profiles uuid[]      not null,
  state            text        not null constraint security_state_check check (state in ('pending', 'ready', 'failed', 'deleting')),
  state_reason     text,
  state_problem    text,
  created_at       timestamptz not null default now(),
  revision         bigint      not null default 0,
  policies         boolean     not null default false,
  policies_secret  text
);
comment on table security is 'Written by security-service. A cluster whose ports are closed unless they are in a profile; without a row they are open.';
comment on column security.policies is 'Whether the cluster''s NetworkPolicies count.';
comment on column security.policies_secret is 'Names the mounted secret with the way to the cluster''s API server; null where the services run in it.';

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
  until      timestamptz not null,
  state      text        not null default 'pending' constraint policy_watch_state_check check (state in ('pending', 'ready', 'failed')),
  state_reason  text,
  state_problem text
);
comment on column policy_watch.state_problem is 'The stable name of what state_reason says.';
comment on table policy_watch is 'Written by security-service. Which of its replicas watches the cluster''s policies, and until when the others leave it to that one.';

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
grant select on network_policy, policy_watch to portolan_security, portolan_topology, portolan_ipam, portolan_lb, portolan_reader;
grant insert, update, delete on network_policy, policy_watch to portolan_security;

-- An audit compares what four parts say of a port; it needs the nodes' word, and what it found has an age.
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

create table ledger_compatibility (
  one_row       boolean not null default true constraint ledger_compatibility_pkey primary key constraint ledger_compatibility_one_row check (one_row),
  oldest_reader int     not null
);
comment on table ledger_compatibility is 'Written by migrations alone: one row.';
comment on column ledger_compatibility.oldest_reader is 'A service whose own last migration is an older one cannot work on this ledger, and does not start.';

grant select on ledger_compatibility to portolan_topology, portolan_ipam, portolan_lb, portolan_security, portolan_reader;
