import { describe, expect, test } from 'vitest'
import {
  type BatchKind,
  batchBody,
  batchRequestSchema,
  callOf,
  deleteBody,
  deleteRequestSchema,
  envelopeBytes,
  heartbeatBody,
  heartbeatRequestSchema,
  itemBody,
  itemRequestSchema,
  readEnvelope,
  schemaBody,
  schemaRequestSchema,
  splitBody,
} from '../../src/ingest/wire.ts'
import { elementsOf, endOfValue, membersOf } from '../../src/json/spans.ts'
import fc, { character } from '../fast-check.ts'
import { itemOf } from './support.ts'

// Texts that would not survive JSON.parse and JSON.stringify.
const oddTexts = [
  '{"id":"a","n":12345678901234567890}',
  '{"id":"b\\u0041", "n":1.0e3 }',
  '{ "id" : "c" , "s":"]},{\\"\\\\" }',
  '{"id":"d","t":"日本 🎉 \\ud800"}',
]

describe('bodies', () => {
  test('have the shapes of the contract', () => {
    expect(itemBody('site_é', '{"id":"a"}').toString()).toBe('{"website_id":"site_é","item":{"id":"a"}}')
    expect(batchBody('s', ['{"id":"a"}', '{"id":"b"}']).toString()).toBe(
      '{"website_id":"s","partial":true,"items":[{"id":"a"},{"id":"b"}]}',
    )
    expect(deleteBody('s', ['post:1', 'a"b']).toString()).toBe('{"website_id":"s","ids":["post:1","a\\"b"]}')
  })

  test('pass the strict schema of a receiver', () => {
    const json = (body: Buffer) => JSON.parse(body.toString())
    itemRequestSchema.parse(json(itemBody('s', JSON.stringify(itemOf('a')))))
    batchRequestSchema.parse(json(batchBody('s', [JSON.stringify(itemOf('a'))])))
    deleteRequestSchema.parse(json(deleteBody('s', ['a'])))
    heartbeatRequestSchema.parse(json(heartbeatBody('s')))
    heartbeatRequestSchema.parse(json(heartbeatBody('s', { cursor: '7', stats: { pending: 3 } })))
    schemaRequestSchema.parse(json(schemaBody('s', 'shopify', [{ type: 'product', fields: { title: 'title' } }])))
  })

  test('keep the bytes of the items', () => {
    for (const text of oddTexts) expect(itemBody('s', text).toString()).toContain(text)
    expect(batchBody('s', oddTexts).toString()).toContain(oddTexts.join(','))
  })

  test('are no larger than their texts and the envelope', () => {
    const bytes = (texts: readonly string[]) => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    for (const texts of [oddTexts, oddTexts.slice(0, 1), Array.from({ length: 500 }, () => '{}')]) {
      expect(batchBody('wébsite"', texts).length).toBeLessThanOrEqual(bytes(texts) + envelopeBytes('wébsite"'))
      expect(batchBody('w', texts).length).toBe(bytes(texts) + envelopeBytes('w', texts.length))
    }
  })
})

test('a body tells which call it is for', () => {
  expect(callOf('upsert', itemBody('"item', '{"items":1}'))).toBe('item')
  expect(callOf('upsert', batchBody('","item":', ['{"item":1}']))).toBe('batch')
  expect(callOf('delete', deleteBody('s', ['item']))).toBe('delete')
  expect(() => callOf('upsert', Buffer.from('{"website_id":"s"}'))).toThrow('neither item nor items')
})

describe('splitBody', () => {
  test('moves the very bytes of the parent', () => {
    const [first, second] = splitBody('upsert', batchBody('site_é', oddTexts))
    expect(first).toMatchObject({ path: 'batch', count: 2, ids: ['a', 'bA'] })
    expect(first?.body).toEqual(batchBody('site_é', oddTexts.slice(0, 2)))
    expect(second?.body).toEqual(batchBody('site_é', oddTexts.slice(2)))
  })

  test('makes a half of one item an /item body', () => {
    const parts = splitBody('upsert', batchBody('s', oddTexts.slice(0, 3)))
    expect(parts.map(({ path, count }) => [path, count])).toEqual([
      ['batch', 2],
      ['item', 1],
    ])
    expect(parts[1]?.body).toEqual(itemBody('s', oddTexts[2]!))
  })

  test('makes parts of a size, the last of what is left', () => {
    const ids = ['a', 'b', 'c', 'd', 'e']
    expect(splitBody('delete', deleteBody('s', ids), 2).map((part) => part.ids)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e'],
    ])
    expect(splitBody('delete', deleteBody('s', ids), 5).map(({ body }) => body)).toEqual([deleteBody('s', ids)])
  })

  test('has nothing to halve in one item or id', () => {
    expect(splitBody('upsert', itemBody('s', '{"id":"a"}'))).toEqual([])
    expect(splitBody('upsert', batchBody('s', ['{"id":"a"}']))).toEqual([])
    expect(splitBody('delete', deleteBody('s', ['a']))).toEqual([])
  })

  test('down to the bottom gives each item once, in order', () => {
    const leaves = (kind: BatchKind, body: Buffer, id: string): readonly string[] => {
      const parts = splitBody(kind, body)
      return parts.length === 0 ? [id] : parts.flatMap((part) => leaves(kind, part.body, part.ids[0]!))
    }
    fc.assert(
      fc.property(
        fc.string(),
        fc.uniqueArray(fc.string({ unit: character }), { minLength: 1, maxLength: 9 }),
        fc.jsonValue(),
        (site, ids, extra) => {
          const texts = ids.map((id) => JSON.stringify({ extra, id }))
          expect(leaves('upsert', batchBody(site, texts), ids[0]!)).toEqual(ids)
          expect(leaves('delete', deleteBody(site, ids), ids[0]!)).toEqual(ids)
        },
      ),
    )
  })
})

describe('json spans', () => {
  test('agree with JSON.parse on any JSON', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(0, 2),
        (list, record, indent) => {
          const array = Buffer.from(JSON.stringify(list, null, indent))
          const read = (json: Buffer, start: number, end: number) => JSON.parse(json.toString('utf8', start, end))
          expect(elementsOf(array, 0).map(({ start, end }) => read(array, start, end))).toEqual(
            JSON.parse(array.toString()),
          )
          const object = Buffer.from(JSON.stringify(record, null, indent))
          const members = [...membersOf(object)].map(({ key, start }) => [
            key,
            read(object, start, endOfValue(object, start)),
          ])
          expect(members).toEqual(Object.entries(JSON.parse(object.toString())))
        },
      ),
    )
  })

  test.each(['["a', '[1', '[{"a":1}', '[{"a":'])('%s is cut off', (text) => {
    expect(() => elementsOf(Buffer.from(text), 0)).toThrow('cut off')
  })
})

describe('readEnvelope', () => {
  test('takes unknown members and drops members of the wrong kind', () => {
    const text =
      '{"ok":true,"new":1,"data":{"accepted":"1","failed":0,"results":[{"id":"a","status":"accepted","x":1},7]},"meta":null}'
    expect(readEnvelope(text)).toEqual({
      ok: true,
      data: { accepted: undefined, failed: 0, results: [{ id: 'a', status: 'accepted' }] },
      meta: undefined,
    })
  })

  test.each(['', '<html>', '{"ok":', 'null', '[]', '{}', '{"ok":"true"}', '{"ok":1}', '42'])(
    '%s is no envelope',
    (text) => {
      expect(readEnvelope(text)).toBeNull()
    },
  )

  test('never throws', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.jsonValue(), fc.jsonValue(), (ok, data, error) => {
        expect(readEnvelope(JSON.stringify({ ok, data, error }))?.ok).toBe(ok)
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => void readEnvelope(text)))
  })
})
