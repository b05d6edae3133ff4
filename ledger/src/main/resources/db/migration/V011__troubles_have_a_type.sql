-- Why a cluster or a node is not well is said in words and by a name that does not change.
alter table cluster add column state_problem text;
alter table node add column state_problem text;
comment on column cluster.state_problem is 'The stable name of what state_reason says, such as quota-exceeded; docs/http.md lists them.';
comment on column node.state_problem is 'The stable name of what state_reason says, such as quota-exceeded; docs/http.md lists them.';
