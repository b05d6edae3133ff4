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
