-- Who had which address, when, and by whom changed: append-only, partitioned by month, kept as long as asked.
create table port_event (
  at            timestamptz not null,
  recorded_at   timestamptz not null default clock_timestamp(),
  cluster_id    uuid        not null,
  node_id       uuid        not null,
  port_id       uuid        not null,
  ip            inet        not null,
  from_state    text,
  to_state      text        not null,
  state_reason  text,
  sandbox       text,
  interface     text,
  pod_namespace text,
  pod_name      text,
  pod_uid       text,
  changed_by    text        not null,
  revision      bigint      not null
) partition by range (at);
comment on table port_event is 'Written by ipam-service, by the triggers on port alone; to_state is removed when the row of the port is gone. Rows are never changed: there is no grant to.';
create table port_event_rest partition of port_event default;
comment on table port_event_rest is 'Catches what no month was made for; empty while ipam-service runs.';
create index port_event_by_address on port_event (cluster_id, ip, at desc, revision desc);
create index port_event_by_port on port_event (port_id, at desc, revision desc);

create function port_event_months(first date, months int) returns int
  language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  month date;
  made  int := 0;
begin
  for i in 0 .. months - 1 loop
    month := date_trunc('month', first)::date + make_interval(months => i);
    if to_regclass(format('public.port_event_%s', to_char(month, 'YYYYMM'))) is null then
      execute format('create table public.port_event_%s partition of public.port_event for values from (%L) to (%L)',
        to_char(month, 'YYYYMM'), to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
      made := made + 1;
    end if;
  end loop;
  return made;
end $$;
comment on function port_event_months is 'Makes the partitions of so many months from the one of the given day on; answers how many were missing.';

create function port_event_forget(before date) returns int
  language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  part    record;
  dropped int := 0;
begin
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.port_event'::regclass and c.relname ~ '^port_event_[0-9]{6}$'
      and to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= before
  loop
    execute format('drop table public.%I', part.relname);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;
comment on function port_event_forget is 'Drops the months that ended on or before the given day; answers how many.';

create function port_remembers() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'INSERT' then
    insert into port_event (at, cluster_id, node_id, port_id, ip, from_state, to_state, state_reason, sandbox, interface, pod_namespace, pod_name, pod_uid, changed_by, revision)
    select n.changed_at, n.cluster_id, n.node_id, n.id, n.ip, null, n.state, n.state_reason, n.sandbox, n.interface, n.pod_namespace, n.pod_name, n.pod_uid, n.changed_by, n.revision
    from new_rows n;
  elsif tg_op = 'UPDATE' then
    insert into port_event (at, cluster_id, node_id, port_id, ip, from_state, to_state, state_reason, sandbox, interface, pod_namespace, pod_name, pod_uid, changed_by, revision)
    select n.changed_at, n.cluster_id, n.node_id, n.id, n.ip, o.state, n.state, n.state_reason, coalesce(n.sandbox, o.sandbox), coalesce(n.interface, o.interface),
           coalesce(n.pod_namespace, o.pod_namespace), coalesce(n.pod_name, o.pod_name), coalesce(n.pod_uid, o.pod_uid), n.changed_by, n.revision
    from new_rows n join old_rows o on o.id = n.id
    where o.state is distinct from n.state or o.sandbox is distinct from n.sandbox;
  else
    insert into port_event (at, cluster_id, node_id, port_id, ip, from_state, to_state, changed_by, revision)
    select clock_timestamp(), o.cluster_id, o.node_id, o.id, o.ip, o.state, 'removed', o.changed_by, o.revision + 1
    from old_rows o;
  end if;
  return null;
end $$;
create trigger port_remembers_inserts after insert on port referencing new table as new_rows for each statement execute function port_remembers();
create trigger port_remembers_updates after update on port referencing old table as old_rows new table as new_rows for each statement execute function port_remembers();
create trigger port_remembers_deletes after delete on port referencing old table as old_rows for each statement execute function port_remembers();
