-- An API server that does not answer, or a secret that is not there, is seen where the cluster's security is looked at.
alter table policy_watch
  add column state text not null default 'pending' constraint policy_watch_state_check check (state in ('pending', 'ready', 'failed')),
  add column state_reason text,
  add column state_problem text;
comment on column policy_watch.state_problem is 'The stable name of what state_reason says.';
