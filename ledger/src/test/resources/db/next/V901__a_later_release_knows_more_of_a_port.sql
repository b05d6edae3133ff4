-- What a later release adds: columns that its predecessor does not know, a table, a wider constraint, a trigger's function.
alter table port
  add column zone   text,
  add column weight int not null default 1;
alter table port_event add column zone text;
create table port_note (
  port_id uuid not null constraint port_note_pkey primary key constraint port_note_port_fkey references port (id) on delete cascade,
  note    text not null
);
grant select on port_note to portolan_ipam;
alter table port drop constraint port_state_check;
alter table port add constraint port_state_check
  check (state in ('planned', 'provisioning', 'free', 'leased', 'bound', 'cooling', 'draining', 'failed', 'parked')) not valid;
