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
comment on column port.last_report is 'The agent''s report that changed it last: reporting again changes nothing.';

create index port_free on port (node_id, released_at nulls first, ip) where state = 'free';
create index port_by_node on port (node_id, state, ip);
create index port_by_claim on port (claim) where claim is not null;
create index port_cooling on port (released_at) where state = 'cooling';
