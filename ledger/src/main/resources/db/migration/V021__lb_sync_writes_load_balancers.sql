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
