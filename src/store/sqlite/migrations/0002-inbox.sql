-- Where accepted events stand until mapping takes them: one row for all that came in one commit. Many small rows, each
-- with its places in indexes, would cost several times the processor time while webhooks crowd in. See inbox.ts.
create table inbox (
  first_seq   integer primary key, -- of the events, which are numbered one after the other
  count       integer not null,
  received_at integer not null, -- of the oldest
  rows        text    not null, -- JSON: a list with what is known of each event, and the size of its body
  bodies      blob    not null  -- one behind the other
) strict;
