-- How fast a node's ports are made follows from when they were; every replica sees the same.
alter table port add column made_at timestamptz;
comment on column port.made_at is 'When the network was last said to have it: from provisioning to free.';
