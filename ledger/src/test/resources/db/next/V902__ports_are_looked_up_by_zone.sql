-- Built beside the writes. It waits for old transactions, and nobody waits for it.
set lock_timeout = '0';
create index concurrently port_by_zone on port (zone);
