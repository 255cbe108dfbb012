import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventReader } from '../../src/http-client/server-sent-events.ts'

const text = [
  'retry: 3000\n: from a-1 on\n\n',
  'id: a-2\nevent: event.received\ndata: {"a":1}\n\n',
  ': heartbeat\n\n',
  'data: two\r\ndata:  lines\r\n\r\n',
  'id: a-3\revent:item.dead\rdata\r\r',
  'event: nothing\n\n',
  'id\ndata: end\n\n',
].join('')
const events = [
  { id: 'a-2', type: 'event.received', data: '{"a":1}' },
  { id: 'a-2', type: 'message', data: 'two\n lines' },
  { id: 'a-3', type: 'item.dead', data: '' },
  { id: '', type: 'message', data: 'end' },
]

test('events are read as the standard says: comments are none, an id lasts, lines of data are joined', () => {
  expect(createEventReader()(text)).toEqual(events)
})

test('events are the same however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 20 }), (places) => {
      const read = createEventReader()
      const cuts = [0, ...places.toSorted((a, b) => a - b), text.length]
      const pieces = cuts.slice(1).map((end, at) => text.slice(cuts[at], end))
      expect(pieces.flatMap((piece) => read(piece))).toEqual(events)
    }),
  )
})

test('what is not ended is no event yet', () => {
  const read = createEventReader()
  expect(read('data: a\n')).toEqual([])
  expect(read('\n')).toEqual([{ id: '', type: 'message', data: 'a' }])
})

test('an event longer than a megabyte is refused, whether it is one line or many; short ones go on for ever', () => {
  const long = { code: 'too_large' }
  const kilobyte = 'x'.repeat(1_024)
  const repeat = (text: string) => {
    const read = createEventReader()
    for (let count = 0; count < 1_100; count++) read(text)
  }
  expect(() => repeat(kilobyte)).toThrow(expect.objectContaining(long))
  expect(() => repeat(`data: ${kilobyte}\n`)).toThrow(expect.objectContaining(long))
  expect(() => repeat(`: ${kilobyte}\n`)).toThrow(expect.objectContaining(long))
  expect(() => repeat(`: ${kilobyte}\n\n`)).not.toThrow()
})
