-- For how long a batch, an item or an event that waits for the CMS was tried in vain. Waiting is not ageing: a pause adds
-- nothing to it. What is under way starts anew.
alter table batches add column tried_ms integer not null default 0;
alter table batches add column tried_at integer;
alter table items add column tried_ms integer not null default 0;
alter table items add column tried_at integer;
alter table event_fetches add column tried_ms integer not null default 0;
alter table event_fetches add column tried_at integer;

-- The batch that has been due for longest is tried next, so that none starves behind older ones.
create index batches_due on batches (destination, next_at) where status = 'open';
