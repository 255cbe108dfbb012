-- What sources and destinations that come and go, several replicas, syncs and a dashboard need. Tables with many rows only get
-- columns, which writes none of their rows again. But for each column SQLite reads a strict table once.
-- See docs/decisions/source-ids.md and docs/decisions/numbers-by-the-minute.md.

-- Sources that events or items have come from. An id is never given to another source: state belongs to it, and not to the name.
-- A column `source` of another table has the id, without `file:` for a source of the configuration file.
create table sources (
  id         text primary key, -- `file:` and the name for a source of the file
  name       text not null,
  tenant     text,             -- null: none
  created_at integer           -- when its first event came in; null: before what is kept
) strict, without rowid;

-- From one source to the next: the index knows where each begins.
insert into sources (id, name, created_at)
  with recursive found (source) as (
    select min(source) from events
    union all
    select (select min(e.source) from events e where e.source > found.source) from found where found.source is not null
  )
  select 'file:' || source, source, (select min(e.received_at) from events e where e.source = found.source)
  from found where source is not null;
insert or ignore into sources (id, name) select 'file:' || source, source from rhythms;
insert or ignore into sources (id, name) select distinct 'file:' || source, source from items where source <> ''; -- '': an operator removed it unseen

-- Null: of no tenant.
alter table events add column tenant text;
-- 0: a webhook. A higher number waits until nothing with a lower one does.
alter table events add column priority integer not null default 0;
-- When what it says was true, if that is not its receipt: the request of a page, the time of a file.
alter table events add column as_of integer;

alter table items add column tenant text;
-- Model and locale of the record that made the desired state; null: it has none, or the item is older than these columns.
alter table items add column resource text;
alter table items add column locale text;
alter table held_changes add column resource text;
alter table held_changes add column locale text;

-- The sources that have spoken of an item, if these are more than one; else it is `items.source` alone.
create table item_sources (
  item_seq integer not null references items (seq) on delete cascade,
  source   text    not null,
  primary key (item_seq, source)
) strict, without rowid;

-- Claims take turns between sources: within a priority, from one source to the next.
create index events_pending on events (priority, source, received_at) where status = 'pending';

-- Whose events a row of the inbox has. '': those of an older relay may be of several sources; they come out first, as they came in.
alter table inbox add column priority integer not null default 0;
alter table inbox add column source text not null default '';
create index inbox_by_source on inbox (priority, source);
-- The newest seq that was ever taken out of the inbox: one source may be ahead of another.
alter table event_position add column newest integer not null default 0;

-- One more with each change of any circuit: a change is made to the revision that was read, and readers ask for what came since.
alter table circuits add column revision integer not null default 0;
insert into circuits (destination, circuit) select destination, circuit from circuit_orders where true
  on conflict do update set circuit = excluded.circuit;
update circuits set revision = (select count(*) from circuits c where c.destination <= circuits.destination);
create unique index circuits_by_revision on circuits (revision);
drop table circuit_orders;

-- What one process at a time does: its owner, until a time of the store's clock.
create table leases (
  name  text primary key,
  owner text    not null,
  until integer not null
) strict, without rowid;

-- Every call out: attempts of batches, fetches from the CMS's API, and what else is called later.
create table executions (
  seq         integer primary key,
  kind        text    not null, -- 'attempt', 'fetch'
  at          integer not null,
  duration_ms real    not null,
  status      integer,          -- of HTTP; null: there was no answer
  outcome     text    not null,
  error       text,
  method      text,
  url         text,             -- without credentials
  request_id  text,             -- the other side's
  source      text,
  destination text,
  batch_seq   integer references batches (seq) on delete cascade,
  event_seq   integer references events (seq) on delete cascade,
  item_count  integer
) strict;
insert into executions (seq, kind, at, duration_ms, status, outcome, error, request_id, destination, batch_seq, item_count)
  select seq, 'attempt', at, duration_ms, status, outcome, error, request_id, destination, batch_seq, item_count
  from attempts order by seq; -- an attempt's id has its seq
insert into executions (kind, at, duration_ms, status, outcome, error, method, url, source, event_seq)
  select 'fetch', f.at, f.duration_ms, f.status, f.outcome, f.error, f.method, f.url, e.source, f.event_seq
  from fetches f join events e on e.seq = f.event_seq order by f.seq;
drop table attempts;
drop table fetches;

create index executions_by_kind on executions (kind);
create index executions_by_destination on executions (destination) where kind = 'attempt';
create index executions_by_batch on executions (batch_seq) where batch_seq is not null;
create index executions_by_event on executions (event_seq) where event_seq is not null;

-- What happened in each minute, to a source, or to items of a source at a destination. Written in the transaction that does it.
create table rollups (
  minute      integer not null,            -- its beginning, unix milliseconds
  source      text    not null,            -- '': of all
  destination text    not null,            -- '': of none, the row is about webhooks and events
  accepted    integer not null default 0,  -- by the time of receipt
  duplicate   integer not null default 0,
  refused     integer not null default 0,
  processed   integer not null default 0,  -- by the time of the settlement, as all below
  skipped     integer not null default 0,
  failed      integer not null default 0,
  delivered   integer not null default 0,  -- items
  dead        integer not null default 0,
  -- Delivered items by the time from the receipt of their oldest webhook: see domain/latency.ts.
  b0  integer not null default 0, b1  integer not null default 0, b2  integer not null default 0, b3  integer not null default 0,
  b4  integer not null default 0, b5  integer not null default 0, b6  integer not null default 0, b7  integer not null default 0,
  b8  integer not null default 0, b9  integer not null default 0, b10 integer not null default 0, b11 integer not null default 0,
  b12 integer not null default 0, b13 integer not null default 0, b14 integer not null default 0, b15 integer not null default 0,
  b16 integer not null default 0, b17 integer not null default 0, b18 integer not null default 0, b19 integer not null default 0,
  b20 integer not null default 0, b21 integer not null default 0, b22 integer not null default 0, b23 integer not null default 0,
  -- As of the last look in this minute. Nothing, if there was none or nothing waits.
  pending           integer,
  oldest_pending_ms integer, -- for how long the oldest one has waited
  primary key (minute, source, destination)
) strict, without rowid;

-- The last webhooks of each source that were refused, beside their numbers by hour. Neither bodies nor headers.
create table refused (
  seq     integer primary key,
  source  text    not null,
  at      integer not null,
  code    text    not null,
  reason  text    not null,
  address text -- the network of the sender
) strict;
create index refused_by_source on refused (source);
