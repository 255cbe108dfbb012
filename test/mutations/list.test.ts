import { existsSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { broken } from './apply.ts'
import { mutations } from './list.ts'

const root = join(import.meta.dirname, '../..')

test('each breakage still fits the code that it breaks, and names tests that are there', () => {
  const wrong = mutations.flatMap(({ file, tests, breaks, ...mutation }) => {
    try {
      const text = broken(readFileSync(join(root, file), 'utf8'), mutation)
      if (file.endsWith('.ts')) stripTypeScriptTypes(text)
      return tests.filter((name) => !existsSync(join(root, name)))
    } catch (error) {
      return [`${file}: ${breaks}: ${(error as Error).message}`]
    }
  })
  expect(wrong).toEqual([])
})

test('no promise of the design but those of syncs and tenants, which are to come, is without breakages', () => {
  const promises = new Set(mutations.flatMap(({ promise }) => (promise === 0 ? [] : promise)))
  expect([...promises].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
})
