-- A circuit that another process has set, until the relay has taken it over: what the relay writes of its own must not
-- undo what a person has done meanwhile.
create table circuit_orders (
  destination text primary key,
  circuit     text not null -- JSON
) strict, without rowid;

-- How often webhooks of a source come.
create table rhythms (
  source text primary key,
  rhythm text not null -- JSON
) strict, without rowid;
