-- Events. What is looked at and changed (a small row) lives apart from what only lies there (the bytes), so that
-- settling an event does not write its body again.
create table events (
  seq            integer primary key, -- from event_position: never used twice, because the order of events is read from it
  source         text    not null,
  delivery_id    text,
  delivery_hash  integer, -- 48 bits of a hash of source and delivery id; equal hashes are compared in full
  topic          text,
  status         text    not null default 'pending' check (status in ('pending', 'processed', 'skipped', 'failed')),
  reason         text,
  error          text,
  mapper         text,
  mapper_version text,
  received_at    integer not null,
  settled_at     integer,
  replays        integer not null default 0,
  bytes          integer not null
) strict;

create index events_by_time on events (received_at);
create index events_by_source on events (source, received_at);
-- Serves claims and the lists of what wants looking at. `processed`, which nearly all events are, is not in it.
create index events_by_status on events (status, received_at) where status <> 'processed';

-- One row: the last seq given to an event, and up to which event delivery_index is complete. Written once in a
-- transaction, where `autoincrement` would write with each event.
create table event_position (
  last    integer not null,
  indexed integer not null
) strict;
insert into event_position values (0, 0);

-- The index on delivery ids, into which new ones are sorted from time to time. See deliveries.ts.
create table delivery_index (
  hash integer not null,
  seq  integer not null,
  primary key (hash, seq)
) strict, without rowid;
create trigger events_pruned after delete on events begin
  delete from event_bodies where seq = old.seq;
  delete from delivery_index where hash = old.delivery_hash and seq = old.seq;
end;

create table event_bodies (
  seq     integer primary key, -- of its event. No foreign key: it would be checked with every webhook
  method  text not null,
  path    text not null,
  query   text not null,
  headers text not null, -- JSON
  body    blob not null
) strict;

-- Who is mapping which event now. As small as the work under way.
create table event_claims (
  seq         integer primary key references events (seq) on delete cascade,
  owner       text    not null,
  lease_until integer not null
) strict;

-- Items: what is wanted (kind to revision), what was acknowledged (delivered_*), and the work between the two.
create table items (
  seq                integer primary key,
  destination        text    not null,
  type               text    not null,
  id                 text    not null,
  source             text    not null,
  status             text    not null check (status in ('pending', 'delivered', 'dead')),
  kind               text    not null check (kind in ('upsert', 'delete')),
  checksum           text,
  version            text,
  bare_tombstone     integer not null,
  event_seq          integer not null,
  revision           integer not null, -- one more with each replacement of the desired state
  bytes              integer not null,
  changed_at         integer not null,
  delivered_kind     text check (delivered_kind in ('upsert', 'delete', 'unknown')),
  delivered_checksum text,
  delivered_at       integer,
  may_exist          integer not null, -- it was in a batch once, or the CMS has spoken of its removal: a tombstone makes sense
  forced             integer not null default 0, -- redelivery was asked for while a batch held it
  pending_since      integer,
  received_at        integer, -- of the oldest webhook not yet delivered
  due_at             integer,
  attempts           integer not null default 0,
  error              text,
  batch_seq          integer, -- the batch that holds it
  batch_revision     integer, -- the revision in that batch; another one in `revision` waits for it
  next_since         integer, -- pending_since and received_at of what waits
  next_received_at   integer
) strict;

create unique index items_by_identity on items (id, type, destination);
create index items_due on items (destination, kind, due_at) where status = 'pending' and batch_seq is null;
create index items_waiting on items (destination, received_at) where status = 'pending';
create index items_by_time on items (changed_at);
create index items_by_destination on items (destination, changed_at);
create index items_by_status on items (status, changed_at);

create table item_bodies (
  seq  integer primary key references items (seq) on delete cascade,
  body text not null -- the item's JSON, exactly as it will stand in a batch
) strict;

-- How many items are in which status, so that nobody has to count a million of them.
create table item_counts (
  destination text    not null,
  status      text    not null,
  count       integer not null,
  primary key (destination, status)
) strict, without rowid;

create trigger items_counted_in after insert on items begin
  insert into item_counts values (new.destination, new.status, 1) on conflict do update set count = count + 1;
end;
create trigger items_recounted after update of status on items when old.status <> new.status begin
  update item_counts set count = count - 1 where destination = old.destination and status = old.status;
  insert into item_counts values (new.destination, new.status, 1) on conflict do update set count = count + 1;
end;

create table batches (
  seq         integer primary key,
  id          text    not null unique,
  destination text    not null,
  kind        text    not null check (kind in ('upsert', 'delete')),
  status      text    not null check (status in ('claimed', 'open', 'done', 'split')),
  key         text,
  owner       text,
  lease_until integer,
  created_at  integer not null,
  next_at     integer,
  settled_at  integer,
  attempts    integer not null default 0,
  item_count  integer not null,
  bytes       integer not null default 0,
  error       text
) strict;

create index batches_live on batches (destination, status) where status in ('claimed', 'open');
create index batches_by_destination on batches (destination);
create index batches_by_settlement on batches (settled_at) where settled_at is not null;

-- The exact bytes, kept until the batch is settled.
create table batch_bodies (
  batch_seq integer primary key references batches (seq) on delete cascade,
  body      blob not null
) strict;

-- What of which item a batch holds or held. `body` is filled only when the item's desired state is replaced meanwhile.
create table batch_items (
  batch_seq     integer not null references batches (seq) on delete cascade,
  position      integer not null, -- in the batch's body
  item_seq      integer not null,
  revision      integer not null,
  checksum      text,
  attempts      integer not null,
  received_at   integer not null,
  pending_since integer not null,
  body          text,
  primary key (batch_seq, position)
) strict, without rowid;
create unique index batch_items_by_item on batch_items (item_seq, batch_seq);

create table attempts (
  seq         integer primary key,
  batch_seq   integer not null references batches (seq) on delete cascade,
  destination text    not null,
  at          integer not null,
  duration_ms real    not null,
  status      integer,
  outcome     text    not null,
  error       text,
  request_id  text,
  item_count  integer not null
) strict;
create index attempts_by_batch on attempts (batch_seq);
create index attempts_by_destination on attempts (destination);

create table circuits (
  destination text primary key,
  circuit     text not null -- JSON
) strict, without rowid;

-- Written to by the health check.
create table health (
  id     integer primary key,
  filler blob not null
) strict;
