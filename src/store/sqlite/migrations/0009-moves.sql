-- Items that go to another destination, or away: they are counted where they are.
create trigger items_counted_away after update of destination on items when old.destination <> new.destination begin
  update item_counts set count = count - 1 where destination = old.destination and status = old.status;
  insert into item_counts values (new.destination, old.status, 1) on conflict do update set count = count + 1;
end;
create trigger items_counted_out after delete on items begin
  update item_counts set count = count - 1 where destination = old.destination and status = old.status;
end;

-- What a destination is at the ingest API, as of the last start: what is known goes out anew where it is another one.
create table destination_targets (
  destination text primary key,
  target      text not null -- JSON
) strict, without rowid;
