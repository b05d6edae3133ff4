-- A role per service, granted to that service's login; the database itself keeps a service from another's tables.
do $$
declare
  service text;
begin
  foreach service in array array['portolan_topology', 'portolan_ipam', 'portolan_reader'] loop
    begin
      execute format('create role %I nologin', service);
    exception when duplicate_object or unique_violation then
      null; -- roles belong to the server: another database's migration made it
    end;
  end loop;
end $$;

revoke all on schema public from public;
grant usage on schema public to portolan_topology, portolan_ipam, portolan_reader;
grant select on all tables in schema public to portolan_topology, portolan_ipam, portolan_reader;

grant insert, update, delete on cluster, node_class, node to portolan_topology;
grant insert, update, delete on pool, subnet, port to portolan_ipam;
grant insert on port_event to portolan_ipam;

revoke execute on function port_event_months(date, int), port_event_forget(date) from public;
grant execute on function port_event_months(date, int), port_event_forget(date) to portolan_ipam;
