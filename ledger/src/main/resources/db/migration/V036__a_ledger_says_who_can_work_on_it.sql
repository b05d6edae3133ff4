-- While a release is rolled out its predecessor works on the same ledger: a migration that it could not follow says so here.
create table ledger_compatibility (
  one_row       boolean not null default true constraint ledger_compatibility_pkey primary key constraint ledger_compatibility_one_row check (one_row),
  oldest_reader int     not null
);
comment on table ledger_compatibility is 'Written by migrations alone: one row.';
comment on column ledger_compatibility.oldest_reader is 'A service whose own last migration is an older one cannot work on this ledger, and does not start.';
insert into ledger_compatibility (oldest_reader) values (36);

grant select on ledger_compatibility to portolan_topology, portolan_ipam, portolan_lb, portolan_security, portolan_reader;
