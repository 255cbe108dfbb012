import { expect, test } from 'vitest'
import { createAllowed } from '../../src/verify/allowed-addresses.ts'

test('an address is allowed by its own range alone, also IPv4 inside of IPv6', () => {
  const isAllowed = createAllowed(['203.0.113.0/24', '198.51.100.7', '2001:db8::/32', '::ffff:192.0.2.0/120'])!
  for (const address of [
    '203.0.113.9',
    '198.51.100.7',
    '::ffff:203.0.113.9',
    '::ffff:cb00:7109',
    '192.0.2.1',
    '2001:db8::1',
  ]) {
    expect(isAllowed(address), address).toBe(true)
  }
  for (const address of ['203.0.114.1', '198.51.100.8', '2001:db9::1', '::1', '', 'x']) {
    expect(isAllowed(address), address).toBe(false)
  }
})

test('what is no address and no range is a mistake', () => {
  for (const range of ['example.com', '10.0.0.0/33', '10.0.0.0/', '::/129', '10.0.0.0/8/8']) {
    expect(createAllowed([range]), range).toBe(null)
  }
})
