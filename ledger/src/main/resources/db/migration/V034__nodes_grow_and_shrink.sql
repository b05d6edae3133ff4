-- A node says how many ports its pods have and will take; it gets further subnets ahead of that, and is offered to give them back.
alter table cluster
  add column further_pods        int not null default 5   constraint cluster_further_pods_check check (further_pods between 5 and 4000),
  add column subnet_idle_seconds int not null default 600 constraint cluster_subnet_idle_check check (subnet_idle_seconds between 0 and 604800);
comment on column cluster.further_pods is 'A node''s further subnet has room for so many pods at least.';
comment on column cluster.subnet_idle_seconds is 'A subnet that its node could do without for so long is offered back; 0 is never.';

alter table node_class
  add column lease_batch         int constraint node_class_lease_batch_check check (lease_batch between 1 and 256),
  add column warm_headroom       int constraint node_class_warm_headroom_check check (warm_headroom between 0 and 1024),
  add column further_pods        int constraint node_class_further_pods_check check (further_pods between 5 and 4000),
  add column subnet_idle_seconds int constraint node_class_subnet_idle_check check (subnet_idle_seconds between 0 and 604800);
comment on column node_class.lease_batch is 'Null here, as in the three after it, is as the cluster has it.';

alter table node
  add column ports_used    int,
  add column ports_pending int,
  add column ports_wanted  int not null default 0,
  add column surplus_since timestamptz;
comment on column node.ports_used is 'By its agent''s word: ports that pods have or had a moment ago. Null where the agent does not say.';
comment on column node.ports_pending is 'By its agent''s word: pods that are scheduled to the node and have no port yet.';
comment on column node.ports_wanted is 'How many ports it should have for that; a change of it wakes the loop, one of the words does not.';
comment on column node.surplus_since is 'Since when it could do without one of its further subnets; null while it could not.';

alter table subnet
  add column state      text        not null default 'live' constraint subnet_state_check check (state in ('live', 'offered', 'draining')),
  add column offered_at timestamptz,
  add column refused_at timestamptz,
  add constraint subnet_offered_check check ((state = 'live') = (offered_at is null)),
  add constraint subnet_first_check check (ordinal > 0 or state = 'live');
comment on column subnet.state is 'Of an offered one no port is leased any more; it drains once its node has given all of them back.';
comment on column subnet.refused_at is 'When its node last refused an offer: by using a port of it, or by a claim that found no other.';

drop trigger node_wakes_on_update on node;
create trigger node_wakes_on_update after update of state, epoch, chassis, parent_port, force_drain, ports_wanted on node for each row
  when (old.state is distinct from new.state or old.chassis is distinct from new.chassis or old.parent_port is distinct from new.parent_port or old.force_drain is distinct from new.force_drain
    or old.ports_wanted is distinct from new.ports_wanted)
  execute function row_wakes();
create trigger subnet_wakes_on_update after update of state on subnet for each row
  when (old.state is distinct from new.state) execute function subnet_wakes();
