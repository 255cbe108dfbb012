-- Rows of the inbox have the values of headers, and their names where they are not those of the row before: see pack.ts.
-- Those that wait here have names of their own.
update inbox set rows = (
  select json_group_array(
    json_set(
      event.value,
      '$[8]', json((select json_group_array(header.value) from json_each(event.value, '$[8]') as header)),
      '$[9]', json((select json_group_array(header.key) from json_each(event.value, '$[8]') as header))
    )
    order by event.key
  )
  from json_each(inbox.rows) as event
);
