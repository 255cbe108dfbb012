import { expect, test } from 'vitest'
import { substitute } from '../../src/config/substitute.ts'

test.each([
  ['${A:-b}', {}, 'b'],
  ['${A:-b}', { A: '' }, 'b'],
  ['${A:-b}', { A: 'a' }, 'a'],
  ['${A:-}', {}, ''],
  ['$${A} and ${A}', { A: 'a' }, '${A} and a'],
])('%s with %j is %s', (text, env, filled) => {
  expect(substitute(text, env)).toMatchObject({ document: filled, findings: [] })
})
