import { describe, expect, test } from 'vitest'
import { bytesInBatch, isWholeSplit, packItems } from '../../src/domain/item-batch.ts'

describe('the items of a batch', () => {
  const due = ['a', 'b', 'a', 'c'].map((id, position) => ({ id, position, bytes: 10 }))
  const packed = (maxItems: number, maxBytes: number) =>
    packItems(due, { maxItems, maxBytes }).map(({ position }) => position)

  test('are those that are due first, no id twice', () => {
    expect(packed(10, 100)).toEqual([0, 1, 3])
  })

  test('are no more than asked for', () => {
    expect(packed(2, 100)).toEqual([0, 1])
  })

  test('are of no more bytes than asked for, but one may be larger', () => {
    expect(packed(10, 20)).toEqual([0, 1])
    expect(packed(10, 19)).toEqual([0])
    expect(packed(10, 5)).toEqual([0])
  })

  test('are read no further than they have to be', () => {
    let read = 0
    function* endless() {
      for (;;) yield { id: `${read++}`, bytes: 1 }
    }
    expect(packItems(endless(), { maxItems: 3, maxBytes: 100 })).toHaveLength(3)
    expect(read).toBe(3)
  })

  test('count with their bytes as sent, and one that parts them from the next', () => {
    expect(bytesInBatch('{"a":"é"}')).toBe(11)
    expect(bytesInBatch(null)).toBe(1)
  })
})

test.each([
  [[[1], [2, 3]], true],
  [[[1], [2]], false],
  [[[1, 1], [2]], false],
  [
    [
      [1, 2],
      [2, 3],
    ],
    false,
  ],
  [[[1, 2], [4]], false],
])('a split into %j has each of three items once: %j', (parts, isWhole) => {
  expect(isWholeSplit(parts.map((items) => ({ items })), [1, 2, 3])).toBe(isWhole) // biome-ignore format: one idea
})
