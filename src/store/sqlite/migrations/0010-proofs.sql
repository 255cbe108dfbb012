-- What of the request is proven besides the body, as JSON; null: all of it is believed, as everything was that came before.
alter table event_bodies add column proof text;
