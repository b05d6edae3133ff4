-- What the release before last used goes: services of schemas before 901 cannot follow.
alter table port drop column made_at;
update ledger_compatibility set oldest_reader = 901;
