-- An event may wait for the CMS's API: status `waiting`. SQLite can't change a check, so the table is made anew.
create table events_anew (
  seq            integer primary key, -- from event_position: never used twice, because the order of events is read from it
  source         text    not null,
  delivery_id    text,
  delivery_hash  integer, -- 48 bits of a hash of source and delivery id; equal hashes are compared in full
  topic          text,
  status         text    not null default 'pending'
                 check (status in ('pending', 'waiting', 'processed', 'skipped', 'failed')),
  reason         text,
  error          text,
  mapper         text,
  mapper_version text,
  received_at    integer not null,
  settled_at     integer,
  replays        integer not null default 0,
  bytes          integer not null
) strict;
insert into events_anew (seq, source, delivery_id, delivery_hash, topic, status, reason, error, mapper, mapper_version,
    received_at, settled_at, replays, bytes)
  select seq, source, delivery_id, delivery_hash, topic, status, reason, error, mapper, mapper_version,
    received_at, settled_at, replays, bytes
  from events;
delete from event_claims; -- nobody maps while this runs
drop table events;
alter table events_anew rename to events;

create index events_by_time on events (received_at);
create index events_by_source on events (source, received_at);
-- Serves claims and the lists of what wants looking at. `processed`, which nearly all events are, is not in it.
create index events_by_status on events (status, received_at) where status <> 'processed';
create trigger events_pruned after delete on events begin
  delete from event_bodies where seq = old.seq;
  delete from delivery_index where hash = old.delivery_hash and seq = old.seq;
end;

-- Events that wait for the CMS's API, one row each while their status is `waiting`.
create table event_fetches (
  seq      integer primary key references events (seq) on delete cascade,
  source   text    not null,
  since    integer not null, -- when it began to wait
  due_at   integer not null, -- when to ask next
  attempts integer not null  -- so many times it was asked in vain
) strict;
create index event_fetches_due on event_fetches (source, due_at);

-- What was asked of the CMS's API, for people.
create table fetches (
  seq         integer primary key,
  event_seq   integer not null references events (seq) on delete cascade,
  at          integer not null,
  duration_ms real    not null,
  method      text    not null,
  url         text    not null, -- below the base url, without credentials
  status      integer,
  outcome     text    not null,
  error       text
) strict;
create index fetches_by_event on fetches (event_seq);
