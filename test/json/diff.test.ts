import { describe, expect, test } from 'vitest'
import { errorPatternOf } from '../../src/domain/error-pattern.ts'
import { jsonDiff } from '../../src/json/diff.ts'
import fc from '../fast-check.ts'

describe('the difference of two documents', () => {
  test('names each place, with what was there and what is', () => {
    const before = { title: 'A', json: { price: { amount: 1 }, old: true }, tags: ['x', 'y'] }
    const after = { title: 'B', json: { price: { amount: 2 } }, tags: ['x', 'z', 'new'], text: null }
    expect(jsonDiff(before, after)).toEqual([
      { path: 'title', before: 'A', after: 'B' },
      { path: 'json.price.amount', before: 1, after: 2 },
      { path: 'json.old', before: true },
      { path: 'tags[1]', before: 'y', after: 'z' },
      { path: 'tags[2]', after: 'new' },
      { path: 'text', after: null },
    ])
    expect(jsonDiff(null, { a: 1 })).toEqual([{ path: '', before: null, after: { a: 1 } }])
    expect(jsonDiff({ a: [] }, { a: {} })).toEqual([{ path: 'a', before: [], after: {} }])
  })

  test('is empty for what is the same, and for nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(jsonDiff(one, structuredClone(one))).toEqual([])
        const same = jsonDiff(one, other).length === 0
        expect(same).toBe(fc.stringify(sorted(one)) === fc.stringify(sorted(other)))
      }),
    )
  })
})

/** With its keys in one order, and -0 told from 0. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value)
    .map(([key, member]) => [key, sorted(member)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  return { members } // told from a list
}

test.each([
  [
    "destination 'main': record 'item', item 'post:901': url: host 'a.example' is not",
    "destination 'main': record 'item', item '…': url: host 'a.example' is not",
  ],
  ['status 400: validation.failed: said the stub', 'status 400: validation.failed: said the stub'],
  ['status 503: request 933ccc41-0f3e-4e6c-9f4a-0123456789ab failed', 'status 503: request … failed'],
  ['the answer does not name the item 6329103921', 'the answer does not name the item …'],
  ['sha256:42fbe0a942fbe0a9 differs', 'sha256:… differs'],
  ['the first\nthe second', 'the first'],
])('of the error %j the cause is %j', (error, cause) => expect(errorPatternOf(error)).toBe(cause))
