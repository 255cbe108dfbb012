import { expect, test } from 'vitest'
import { hasWalResetBug } from '../../src/store/sqlite/wal-reset.ts'

test.each([
  ['3.43.2', true],
  ['3.44.5', true],
  ['3.44.6', false],
  ['3.46.1', true],
  ['3.50.6', true],
  ['3.50.7', false],
  ['3.51.2', true],
  ['3.51.3', false],
  ['3.52.0', false],
  ['3.53.4', false],
  ['4.0.0', false],
])('SQLite %s has the WAL-reset bug: %s', (version, has) => {
  expect(hasWalResetBug(version)).toBe(has)
})

test('the SQLite of the Node that tests run on does not have it', () => {
  expect(hasWalResetBug(process.versions['sqlite'] ?? '')).toBe(false)
})
