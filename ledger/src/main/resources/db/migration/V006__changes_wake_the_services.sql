-- Services are woken by a notification 'table:id'; a timer finds what was missed. Claims and reports notify nobody: NOTIFY serialises commits.
create function row_wakes() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  perform pg_notify('ledger', tg_table_name || ':' || case when tg_op = 'DELETE' then old.id else new.id end);
  return null;
end $$;
create trigger cluster_wakes after insert or delete or update of pod_cidrs, router_adopted, state, revision on cluster for each row execute function row_wakes();
create trigger node_wakes_on_insert after insert or delete on node for each row execute function row_wakes();
create trigger node_wakes_on_update after update of state, epoch, chassis, parent_port, force_drain on node for each row
  when (old.state is distinct from new.state or old.chassis is distinct from new.chassis or old.parent_port is distinct from new.parent_port or old.force_drain is distinct from new.force_drain)
  execute function row_wakes();

create function subnet_wakes() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  perform pg_notify('ledger', 'node:' || case when tg_op = 'DELETE' then old.node_id else new.node_id end);
  return null;
end $$;
create trigger subnet_wakes after insert or delete on subnet for each row execute function subnet_wakes();

create function port_wakes() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  perform pg_notify('ledger', 'node:' || node_id) from (select distinct node_id from new_rows where state in ('planned', 'draining')) n;
  return null;
end $$;
create trigger port_wakes_on_insert after insert on port referencing new table as new_rows for each statement execute function port_wakes();
create trigger port_wakes_on_update after update on port referencing new table as new_rows for each statement execute function port_wakes();
