import { expect, test } from 'vitest'
import { addressGroup } from '../../src/http/address-group.ts'
import fc from '../fast-check.ts'

test('one sender is an IPv4 address, also a mapped one, or a /64 network of IPv6', () => {
  const groups = Object.fromEntries(
    [
      '203.0.113.7',
      '::ffff:203.0.113.7',
      '::FFFF:cb00:7107',
      '2001:db8:1:2::1',
      '2001:DB8:1:2:ffff:ffff:ffff:ffff',
      '2001:db8:1:3::1',
      'fe80::1%eth0',
      '::1',
      '::',
      'unknown',
      '',
    ].map((address) => [address, addressGroup(address)]),
  )
  expect(groups).toEqual({
    '203.0.113.7': '203.0.113.7',
    '::ffff:203.0.113.7': '203.0.113.7',
    '::FFFF:cb00:7107': '203.0.113.7',
    '2001:db8:1:2::1': '2001:db8:1:2::/64',
    '2001:DB8:1:2:ffff:ffff:ffff:ffff': '2001:db8:1:2::/64',
    '2001:db8:1:3::1': '2001:db8:1:3::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64',
    '::1': '0:0:0:0::/64',
    '::': '0:0:0:0::/64',
    unknown: 'unknown',
    '': '',
  })
})

test('the last 64 bits of an IPv6 address make no difference, the first ones do', () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), (one, other) => {
      const networkOf = (address: string) => new URL(`http://[${address}]/`).hostname
      expect(addressGroup(one)).toBe(addressGroup(networkOf(one).slice(1, -1)))
      if (addressGroup(one) !== addressGroup(other)) expect(networkOf(one)).not.toBe(networkOf(other))
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff), { minLength: 4, maxLength: 4 }), fc.nat(0xffff), (network, host) => {
      const address = (last: number) => [...network, 1, 2, 3, last].map((group) => group.toString(16)).join(':')
      expect(addressGroup(address(host))).toBe(`${network.map((group) => group.toString(16)).join(':')}::/64`)
    }),
  )
})
