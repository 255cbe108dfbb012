import { expect, test } from 'vitest'
import type { NewEvent } from '../../src/store/contract/store.ts'
import { createPacker, selectPacked, unpackEvents } from '../../src/store/sqlite/pack.ts'
import fc, { character } from '../fast-check.ts'

const text = fc.string({ unit: character, maxLength: 9 })
const names = fc.constantFrom(['host', 'x-topic'], ['x-topic', 'host'], ['host'], [], ['7', '__proto__', 'constructor'])
const headers = names.chain((some) =>
  fc.tuple(...some.map((name) => fc.tuple(fc.constant(name), text))).map((entries) => Object.fromEntries(entries)),
)
const event: fc.Arbitrary<NewEvent> = fc.record({
  source: fc.constantFrom('shop', 'blog'),
  deliveryId: fc.option(text),
  topic: fc.option(text),
  receivedAt: fc.integer({ min: 0, max: 2 ** 41 }),
  method: fc.constant('POST'),
  path: text,
  query: text,
  headers,
  body: fc.uint8Array({ maxLength: 40 }),
})

test('what is packed comes out as it was, also where some of it is left out', () => {
  const pack = createPacker()
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 12 }),
      fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
      (events, keep) => {
        const lanes = pack(events)
        const places = lanes.flatMap((packed) => packed.places ?? events.keys().toArray())
        expect(places.toSorted((a, b) => a - b)).toEqual(events.keys().toArray())
        for (const packed of lanes) {
          const own = packed.places ? packed.places.map((place) => events[place]!) : events
          const kept = selectPacked(packed, (index) => keep[index]!)
          expect(new Set(own.map(({ source }) => source))).toEqual(new Set([packed.source]))
          expect(unpackEvents(packed.rows, packed.bodies)).toEqual(own)
          expect(unpackEvents(kept.rows, kept.bodies)).toEqual(own.filter((_event, index) => keep[index]))
        }
      },
    ),
  )
})

test('a row of an older relay leaves out the names of headers that are those of the row before', () => {
  const row = (value: string, names: unknown) => ['shop', null, null, 1, 'POST', '/', '', 0, [value], names]
  const rows = JSON.stringify([row('a', ['x-topic']), row('b', null), row('c', null)])
  expect(unpackEvents(rows, new Uint8Array()).map(({ headers }) => headers)).toEqual([
    { 'x-topic': 'a' },
    { 'x-topic': 'b' },
    { 'x-topic': 'c' },
  ])
})
