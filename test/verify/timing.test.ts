import crypto, { createHmac } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { afterAll, expect, test, vi } from 'vitest'
import { isEqual } from '../../src/verify/equal.ts'
import { delivery, reasonOf } from './support.ts'

// Only watched, and only as long as this file runs: the one that is imported by name is the same afterwards.
const compared = vi.spyOn(crypto, 'timingSafeEqual')
syncBuiltinESMExports()
afterAll(() => {
  compared.mockRestore()
  syncBuiltinESMExports()
})

const secrets = ['secret-one-1', 'secret-two-2', 'secret-six-6']
const token = { scheme: 'header', header: 'x-token' }
const hmac = { scheme: 'hmac', header: 'x-sig', separator: ',' }

test.each([
  ['the first', secrets[0]!],
  ['the last', secrets[2]!],
  ['none', 'secret-ten-0'],
])('a token is compared with every secret in constant time, also where %s fits', async (_which, given) => {
  compared.mockClear()
  const reason = await reasonOf(token, secrets, delivery({ 'x-token': given }))
  expect(reason === null).toBe(secrets.includes(given))
  expect(compared).toHaveBeenCalledTimes(3)
})

test('every signature of a header is compared with that of every secret', async () => {
  const signed = (secret: string) => createHmac('sha256', secret).update('body').digest('hex')
  compared.mockClear()
  const header = [signed(secrets[0]!), signed('other'), signed('another')].join(',')
  expect(await reasonOf(hmac, secrets, delivery({ 'x-sig': header }, 'body'))).toBeNull()
  expect(compared).toHaveBeenCalledTimes(9)
})

test('texts of other lengths are never equal, whatever their characters', () => {
  for (const [a, b] of [
    ['', 'a'],
    ['a', ''],
    ['ab', 'a'],
    ['é', 'e'],
    ['a\u0000', 'a'],
  ])
    expect(isEqual(a!, b!)).toBe(false)
  expect(isEqual('é', 'é')).toBe(true)
})
