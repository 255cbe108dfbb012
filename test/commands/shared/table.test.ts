import { expect, test } from 'vitest'
import { table } from '../../../src/commands/shared/table.ts'

const rows = [
  ['ID', 'SOURCE', 'ERROR'],
  ['product:632910392', 'shop', 'the ingest API has refused the item: title is longer than 1024 characters'],
  ['product:1', 'a-shop-with-a-long-name', '-'],
]

test('columns are as wide as their widest cell', () => {
  expect(table(rows.slice(0, 2))).toBe(
    [
      'ID                 SOURCE  ERROR',
      'product:632910392  shop    the ingest API has refused the item: title is longer than 1024 characters',
    ].join('\n'),
  )
})

test('at a terminal a table is cut to its width: the widest column first, the first one never', () => {
  expect(table(rows, { width: 80 }).split('\n')).toEqual([
    'ID                 SOURCE                   ERROR',
    'product:632910392  shop                     the ingest API has refused the item…',
    'product:1          a-shop-with-a-long-name  -',
  ])
  for (const width of [40, 60, 79, 80, 120]) {
    expect(
      table(rows, { width })
        .split('\n')
        .filter((line) => line.length > width),
    ).toEqual([])
  }
  expect(table(rows, { width: 20 })).toContain('product:632910392')
  expect(table(rows, { width: 20, whole: 2 })).toContain('a-shop-with-a-long-name')
})

test('wide characters take two columns, and none is cut in half', () => {
  const lines = table(
    [
      ['a', '漢字漢字漢字漢字', 'x'],
      ['👩‍👩‍👧', 'é', 'y'],
    ],
    { width: 17 },
  ).split('\n')
  expect(lines).toEqual(['a   漢字漢字…   x', '👩‍👩‍👧  é           y'])
})
