-- 1: the version is the moment at which its change was heard of, because what was given lay ahead of that.
alter table items add column version_counted integer not null default 0;
-- When the desired state was true: the receipt of its webhook, or the time of the request that brought it. Null: not known.
alter table items add column as_of integer;
-- The place of the desired state in the order of events, where that is not `event_seq`: half a step behind the last event that had come
-- when an operator removed the item; 0 since its version is forgotten.
alter table items add column place real;
-- 1: an operator keeps it away. What the CMS wants of it is noted in held_changes.
alter table items add column held integer not null default 0;

-- Few items are ever held.
create index items_held on items (changed_at) where held = 1;
create index items_held_by_destination on items (destination, changed_at) where held = 1;

-- The newest state that the CMS has wanted of an item since it is held.
create table held_changes (
  seq             integer primary key references items (seq) on delete cascade,
  source          text    not null,
  kind            text    not null check (kind in ('upsert', 'delete')),
  checksum        text,
  version         text,
  version_counted integer not null,
  bare_tombstone  integer not null,
  event_seq       integer not null,
  place           real,
  as_of           integer,
  body            text,
  received_at     integer not null,
  changed_at      integer not null
) strict;
