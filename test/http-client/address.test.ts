import { describe, expect, test } from 'vitest'
import { readBaseUrl, redirectBelow, urlBelow } from '../../src/cms-api/base-url.ts'
import { refusalOf } from '../../src/http-client/address.ts'

const publicAddresses = [
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '9.255.255.255',
]
const publicIpv6 = ['2606:4700::1111', '2a00:1450:4001::1', '::ffff:8.8.8.8', '2002:808:808::1', '64:ff9b::8.8.8.8']
const privateAddresses = [
  '127.0.0.1',
  '127.255.255.254',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
]
const privateIpv6 = ['::1', 'fd00::1', 'fc00::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '2002:7f00:1::', '2002:a00:1::1', '64:ff9b::10.0.0.1'] // biome-ignore format: a table
const reserved = ['0.0.0.0', '169.254.169.254', '169.254.0.1', '224.0.0.1', '255.255.255.255', '240.0.0.1', '192.0.2.1', '198.18.0.1', '192.0.0.8', '192.175.48.1'] // biome-ignore format: a table
const reservedIpv6 = ['::', 'fe80::1', 'fe80::1%eth0', 'ff02::1', '::ffff:169.254.169.254', '2002:a9fe:a9fe::', '2001::1', '2001:db8::1', '64:ff9b:1::8.8.8.8', '::7f00:1', '3fff::1', '100::1', '64:ff9b:1::1'] // biome-ignore format: a table

test.each([...publicAddresses, ...publicIpv6])('%s may be asked', (address) => {
  expect(refusalOf(address, false)).toBeNull()
})

test.each([...privateAddresses, ...privateIpv6])('%s may be asked only where a source allows it', (address) => {
  expect(refusalOf(address, false)).toMatch(/private/)
  expect(refusalOf(address, true)).toBeNull()
})

test.each([...reserved, ...reservedIpv6])('%s is never asked', (address) => {
  expect(refusalOf(address, false)).toMatch(/reserved/)
  expect(refusalOf(address, true)).toMatch(/reserved/)
})

test.each(['', 'localhost', '127.1', 'a.b.c.d'])("'%s' is no address", (text) => {
  expect(refusalOf(text, true)).toContain('is no IP address')
})

describe('a base url', () => {
  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://192.168.0.1:8080/api',
    'http://169.254.169.254/latest/meta-data',
    'http://3232235521/',
    'http://⑯⑨.254.169.254/',
    'http://0/',
  ])('%s is refused, however it is written', (url) => {
    expect(() => readBaseUrl(url, false)).toThrow(/nothing is fetched from there/)
  })

  test.each([
    'ftp://example.com',
    'example.com',
    'https://user:pw@example.com',
    'https://example.com/?a=b',
    'https://example.com/#a',
  ])('%s is none', (url) => expect(() => readBaseUrl(url, true)).toThrow(/must/))

  test('may have a path, a port and http', () => {
    expect(readBaseUrl('http://example.com:81/api/v2/', false)).toEqual({
      origin: 'http://example.com:81',
      path: '/api/v2',
    })
  })
})

const base = { origin: 'https://api.test', path: '/v2/cdn' }

test.each([
  ['/stories/1', 'https://api.test/v2/cdn/stories/1'],
  ['', 'https://api.test/v2/cdn'],
  ['?a=b', 'https://api.test/v2/cdn?a=b'],
  ['/a/../b', 'https://api.test/v2/cdn/b'],
  ['/a%20b?q=%2e%2e%2f', 'https://api.test/v2/cdn/a%20b?q=%2e%2e%2f'],
  ['/with..dots/a%2Fb', 'https://api.test/v2/cdn/with..dots/a%2Fb'],
])('%s is below the base url', (relative, url) => expect(urlBelow(base, relative)?.href).toBe(url))

test.each([
  '@evil.test/',
  '.evil.test/',
  ':81/',
  'x',
  '/../admin',
  '/..',
  '/%2e%2e/admin',
  '/a/../../admin',
  '/..\\admin',
  '/..%2fadmin',
  '/..%5cadmin',
  '/%252e%252e/admin',
  '/..%252fadmin',
])('%s leads out of it', (relative) => expect(urlBelow(base, relative)).toBeNull())

test.each([
  ['/v2/cdn/stories/1?cv=2', true],
  ['?cv=2', true],
  ['2', true],
  ['https://api.test/v2/cdn/x', true],
  ['https://api.test/v1', false],
  ['/', false],
  ['http://api.test/v2/cdn/x', false],
  ['https://evil.test/v2/cdn/x', false],
  ['//evil.test/v2/cdn', false],
  ['https://u@api.test/v2/cdn/x', false],
  ['http://169.254.169.254/', false],
])('a redirect to %s is followed: %s', (location, isFollowed) => {
  const from = new URL('https://api.test/v2/cdn/stories/1')
  expect(redirectBelow(base, location, from) !== null).toBe(isFollowed)
})

test.each([
  '169.254.169.254', '169.254.170.2', '100.100.100.200', '192.0.0.192', '168.63.129.16', 'fd00:ec2::254', 'fd00:ec2:0:0::254',
  'fd00:ec2::23', 'fd20:ce::254', 'fd00:42::42', '::ffff:100.100.100.200', '::ffff:168.63.129.16', '64:ff9b::a9fe:a9fe', 'fe80::a9fe:a9fe',
])('%s, where a cloud keeps credentials, is never asked, also where private addresses may be', (address) => {
  expect(refusalOf(address, true)).not.toBeNull()
  expect(refusalOf(`[${address}]`, true)).not.toBeNull()
}) // biome-ignore format: a table
