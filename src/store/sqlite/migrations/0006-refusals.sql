-- Webhooks of known sources that were refused for a limit of the relay. By hour, which bounds the rows.
create table refusals (
  hour     integer not null, -- its beginning, unix milliseconds
  source   text not null,
  code     text not null,
  reason   text not null,    -- of the newest
  count    integer not null,
  first_at integer not null,
  last_at  integer not null,
  primary key (hour, source, code)
) strict, without rowid;
