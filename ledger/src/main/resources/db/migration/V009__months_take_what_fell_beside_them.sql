-- A month that is made late takes its events out of the default partition: with them there it could not be made at all.
create or replace function port_event_months(first date, months int) returns int
  language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  month  date;
  part   text;
  bounds text;
  made   int := 0;
begin
  for i in 0 .. months - 1 loop
    month := date_trunc('month', first)::date + make_interval(months => i);
    part := format('port_event_%s', to_char(month, 'YYYYMM'));
    if to_regclass('public.' || part) is null then
      bounds := format('from (%L) to (%L)', to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
      execute format('create table public.%I (like public.port_event including defaults)', part);
      execute format('with beside as (delete from public.port_event_rest where at >= %L and at < %L returning *) insert into public.%I select * from beside',
        to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00', part);
      execute format('alter table public.port_event attach partition public.%I for values %s', part, bounds);
      made := made + 1;
    end if;
  end loop;
  return made;
end $$;
