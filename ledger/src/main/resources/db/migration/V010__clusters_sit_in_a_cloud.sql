-- A cluster in underlay mode may name networks that its cloud has, and keeps the way in which its ports nest in VMs.
alter table cluster
  add column external_network text,
  add column network          text,
  add column nesting_wanted   text constraint cluster_nesting_wanted_check check (nesting_wanted in ('auto', 'trunk', 'binding-profile')),
  add column nesting          text constraint cluster_nesting_check check (nesting in ('trunk', 'binding-profile'));
comment on column cluster.external_network is 'Name or id of the network that the router has its gateway on; underlay only.';
comment on column cluster.network is 'Name or id of a network that was there, on which all nodes'' subnets are made; null where each node has its own; underlay only.';
comment on column cluster.nesting is 'How ports are taken into VMs, decided when the cluster was put up first: its ports cannot change it.';
update cluster set nesting_wanted = 'auto' where mode = 'underlay';
alter table cluster add constraint cluster_cloud_check check ((mode = 'underlay') = (nesting_wanted is not null)
  and (mode = 'underlay' or (external_network is null and network is null and nesting is null)));
