import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createHmacOf } from '../../src/verify/hmac-of.ts'
import fc, { character } from '../fast-check.ts'

describe('an HMAC', () => {
  // RFC 4231, test cases 2 (a short key) and 6 (one longer than a block of either hash).
  test.each([
    [
      'sha256',
      Buffer.from('Jefe'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'sha256',
      Buffer.alloc(131, 0xaa),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    [
      'sha512',
      Buffer.alloc(131, 0xaa),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
    ],
  ] as const)('%s of what RFC 4231 says', (algorithm, key, message, expected) => {
    expect(createHmacOf(algorithm, key)('hex', message)).toBe(expected)
  })

  const key = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 63, maxLength: 65 }))
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: character, maxLength: 100 }),
    fc.constant('\ud800 é 漢'),
  )

  test('is what Node makes of the same, one message after the other', () => {
    const algorithm = fc.constantFrom('sha1', 'sha256', 'sha384', 'sha512')
    const encoding = fc.constantFrom('hex', 'base64', 'base64url')
    fc.assert(
      fc.property(
        algorithm,
        key,
        encoding,
        fc.array(fc.array(part, { maxLength: 4 })),
        (hash, secret, written, messages) => {
          const hmacOf = createHmacOf(hash, secret)
          for (const message of messages) {
            const expected = createHmac(hash, secret)
            for (const one of message) expected.update(one)
            expect(hmacOf(written, ...message)).toBe(expected.digest(written))
          }
        },
      ),
    )
  })

  test.each([0, -1, 1])('of a long message is the same, %i bytes beside what is copied at most', (more) => {
    const body = Buffer.alloc(64 * 1024 + more - 3, 'x')
    const expected = createHmac('sha256', 'key').update('t').update(body).digest('hex')
    expect(createHmacOf('sha256', Buffer.from('key'))('hex', 't', body)).toBe(expected)
  })
})
