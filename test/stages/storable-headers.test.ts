import { expect, test } from 'vitest'
import { createStorableHeaders } from '../../src/stages/receive/storable-headers.ts'

const sent = {
  date: 'Sun, 01 Mar 2026 12:00:00 GMT',
  'x-topic': 'saved',
  'x-proof': 'what proves it',
  'x-access-token': 'what is secret',
  'x-listed': 'what the proof covers',
  connection: 'close',
}
const names = Object.keys(sent)

test('a header that is secret, proves authenticity or is of the connection is kept neither for a mapper that names it', () => {
  const storable = createStorableHeaders(new Set(names), ['x-proof'])
  expect(storable(sent, null)).toEqual({ date: sent.date, 'x-topic': 'saved', 'x-listed': sent['x-listed'] })
})

test('nor for one that reads any, nor because the proof covers it', () => {
  expect(createStorableHeaders('all', ['x-proof'])(sent, null)).toEqual({
    date: sent.date,
    'x-topic': 'saved',
    'x-listed': sent['x-listed'],
  })
  const storable = createStorableHeaders(new Set(['x-topic']), ['x-proof'])
  expect(storable(sent, { headers: names })).toEqual({
    date: sent.date,
    'x-topic': 'saved',
    'x-listed': sent['x-listed'],
  })
  expect(storable(sent, null)).toEqual({ date: sent.date, 'x-topic': 'saved' })
})
