-- An agent sends a batch of reports again when its answer was lost: the history knows which reports it has already.
alter table port_event add column report uuid;
comment on column port_event.report is 'The agent''s report that made the change; null where the ledger made it by itself.';

create or replace function port_remembers() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'INSERT' then
    insert into port_event (at, cluster_id, node_id, port_id, ip, from_state, to_state, state_reason, sandbox, interface, pod_namespace, pod_name, pod_uid, changed_by, revision)
    select n.changed_at, n.cluster_id, n.node_id, n.id, n.ip, null, n.state, n.state_reason, n.sandbox, n.interface, n.pod_namespace, n.pod_name, n.pod_uid, n.changed_by, n.revision
    from new_rows n;
  elsif tg_op = 'UPDATE' then
    insert into port_event (at, cluster_id, node_id, port_id, ip, from_state, to_state, state_reason, sandbox, interface, pod_namespace, pod_name, pod_uid, changed_by, revision, report)
    select n.changed_at, n.cluster_id, n.node_id, n.id, n.ip, o.state, n.state, n.state_reason, coalesce(n.sandbox, o.sandbox), coalesce(n.interface, o.interface),
           coalesce(n.pod_namespace, o.pod_namespace), coalesce(n.pod_name, o.pod_name), coalesce(n.pod_uid, o.pod_uid), n.changed_by, n.revision,
           case when n.last_report is distinct from o.last_report then n.last_report end
    from new_rows n join old_rows o on o.id = n.id
    where o.state is distinct from n.state or o.sandbox is distinct from n.sandbox;
  else
    insert into port_event (at, cluster_id, node_id, port_id, ip, from_state, to_state, changed_by, revision)
    select greatest(o.changed_at, clock_timestamp()), o.cluster_id, o.node_id, o.id, o.ip, o.state, 'removed', o.changed_by, o.revision + 1
    from old_rows o;
  end if;
  return null;
end $$;
