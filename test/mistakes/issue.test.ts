import { expect, test } from 'vitest'
import { plainIssue, withoutEchoes } from '../../src/mistakes/issue.ts'

test('what follows from a mistake is left out; the same place of another file is not', () => {
  const first = { path: 'records', file: 'a.yaml', message: 'is required' }
  const echo = { path: 'records[0].name', file: 'a.yaml', message: 'is required' }
  const other = { ...first, file: 'b.yaml' }
  expect(withoutEchoes([first, echo, other])).toEqual([first, other])
})

test('machines read where a mistake is, and not what only people are shown', () => {
  const excerpt = { text: 'a: 1', start: 0, length: 1 }
  const finding = { path: 'a', message: 'm', excerpt, isOfKey: true }
  expect(plainIssue(finding)).toStrictEqual({ path: 'a', message: 'm' })
  expect(plainIssue({ ...finding, file: 'a.yaml' })).toStrictEqual({ path: 'a', message: 'm', file: 'a.yaml' })
  const inLine = { path: 'a', message: 'm', file: 'a.yaml', line: 2 }
  expect(plainIssue({ ...inLine, excerpt })).toStrictEqual({ ...inLine, column: 1 })
  expect(plainIssue({ ...inLine, column: 7, excerpt })).toStrictEqual({ ...inLine, column: 7 })
})
