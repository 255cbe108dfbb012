import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { InboundRequest } from '../../src/domain/inbound-request.ts'
import { createVerifier, type VerifyConfig, verifySchema } from '../../src/verify/verifier.ts'
import fc from '../fast-check.ts'
import { delivery, reasonOf, verdictOf } from './support.ts'

async function verdict(config: unknown, secrets: string[], given: InboundRequest): Promise<boolean> {
  return (await verdictOf(config, secrets, given)).ok
}

describe('hmac', () => {
  const config: VerifyConfig = verifySchema.parse({ scheme: 'hmac', header: 'X-Sig', prefix: 'sha256=' })
  const sign = (body: string, secret = 'one') => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const check = async (value: string | undefined, secrets = ['one', 'two'], over: object = {}) =>
    createVerifier({ ...config, ...over } as VerifyConfig, secrets).verify(
      delivery(value === undefined ? {} : { 'x-sig': value }, 'body'),
      0,
    )

  test('a valid signature passes, under any live secret', async () => {
    expect((await check(sign('body'))).ok).toBe(true)
    expect((await check(sign('body', 'two'))).ok).toBe(true)
    expect((await check(sign('body').toUpperCase().replace('SHA', 'sha'))).ok).toBe(true)
  })
  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one of another secret', sign('body', 'three')],
    ['one of another body', sign('bodY')],
    ['a truncated one', sign('body').slice(0, -1)],
    ['a lengthened one', `${sign('body')}0`],
    ['a doubled one', `${sign('body')}, ${sign('body')}`],
    ['one without its prefix', sign('body').slice(7)],
    ['one with another prefix that is as long', sign('body').replace('sha256=', 'sha512=')],
    ['an oversized one', `sha256=${'a'.repeat(14_000)}`],
    ['one in another encoding', `sha256=${createHmac('sha256', 'one').update('body').digest('base64')}`],
  ])('%s is refused, with a reason that holds no secret', async (_name, value) => {
    const refusal = await check(value)
    expect(refusal.ok).toBe(false)
    expect(JSON.stringify(refusal)).toMatch(/x-sig/)
    expect(JSON.stringify(refusal)).not.toMatch(/one|two/)
  })
  test('several signatures in one header pass where the separator is configured', async () => {
    expect((await check(`sha256=${'0'.repeat(64)},${sign('body')}`, ['one'], { separator: ',' })).ok).toBe(true)
    expect((await check(`sha256=${'0'.repeat(64)},sha256=00`, ['one'], { separator: ',' })).ok).toBe(false)
    const many = `${'sha256=00,'.repeat(16)}${sign('body')}`
    expect(await check(many, ['one'], { separator: ',' })).toMatchObject({
      reason: expect.stringContaining('more than 16'),
    })
  })
  test.each(['hex', 'base64', 'base64url'] as const)('only the right bytes pass, in %s', async (encoding) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), fc.string({ minLength: 1 }), async (body, other, secret) => {
        const value = createHmac('sha256', secret).update(body).digest(encoding)
        const config = { scheme: 'hmac', header: 'x', encoding }
        const same = Buffer.compare(Buffer.from(body), Buffer.from(other)) === 0
        expect(await verdict(config, [secret], delivery({ x: value }, Buffer.from(body)))).toBe(true)
        expect(await verdict(config, [secret], delivery({ x: value }, Buffer.from(other)))).toBe(same)
      }),
    )
  })
})

describe('header and basic', () => {
  test('a token passes with its prefix, and a secret written with its prefix means the same', async () => {
    const config = { scheme: 'header', header: 'Authorization', prefix: 'Bearer ' }
    for (const secret of ['t0ken', 'Bearer t0ken']) {
      expect(await verdict(config, [secret], delivery({ authorization: 'Bearer t0ken' }))).toBe(true)
      expect(await verdict(config, [secret], delivery({ authorization: 't0ken' }))).toBe(false)
      expect(await verdict(config, [secret], delivery({ authorization: 'Bearer t0kem' }))).toBe(false)
      expect(await verdict(config, [secret], delivery({}))).toBe(false)
    }
  })
  test('a token without its prefix is told from a wrong one', async () => {
    const config = { scheme: 'header', header: 'Authorization', prefix: 'Bearer ' }
    const reason = (authorization: string) => reasonOf(config, ['t0ken'], delivery({ authorization }))
    expect(await reason('t0ken')).toBe("header authorization does not begin with 'Bearer '")
    expect(await reason('Bearer t0kem')).toBe('header authorization does not match')
  })
  test('basic: a wrong user, a wrong password and another scheme are refused', async () => {
    const basic = (text: string) => delivery({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
    const config = { scheme: 'basic', username: 'cms' }
    expect(await verdict(config, ['pä:ss'], basic('cms:pä:ss'))).toBe(true)
    expect(await verdict(config, ['pä:ss'], basic('cms:pass'))).toBe(false)
    expect(await verdict(config, ['pä:ss'], basic('other:pä:ss'))).toBe(false)
    expect(await verdict(config, ['pä:ss'], delivery({ authorization: 'Bearer x' }))).toBe(false)
  })
})

describe('promise 2: fails closed', () => {
  test.each([
    { scheme: 'hmac', header: 'x' },
    { scheme: 'header', header: 'x' },
    { scheme: 'basic', username: 'u' },
    { scheme: 'ghost' },
  ])('$scheme without a secret cannot be made', (config) => {
    expect(() => createVerifier(verifySchema.parse(config), [])).toThrow(/needs a secret/)
  })
  test('only none, written out, accepts anyone', async () => {
    expect(await verdict({ scheme: 'none' }, [], delivery({}))).toBe(true)
    expect(() => verifySchema.parse({})).toThrow()
  })
})
