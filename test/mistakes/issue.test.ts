import { expect, test } from 'vitest'
import { withoutEchoes } from '../../src/mistakes/issue.ts'

test('what follows from a mistake is left out; the same place of another file is not', () => {
  const first = { path: 'records', file: 'a.yaml', message: 'is required' }
  const echo = { path: 'records[0].name', file: 'a.yaml', message: 'is required' }
  const other = { ...first, file: 'b.yaml' }
  expect(withoutEchoes([first, echo, other])).toEqual([first, other])
})
