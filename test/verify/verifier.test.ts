import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/domain/delivery.ts'
import { createVerifier, type VerifyConfig, verifySchema } from '../../src/verify/verifier.ts'

interface Vector {
  readonly cms: string
  readonly secret: string
  readonly body: string
  readonly headers: Record<string, string>
  readonly expected: boolean
  readonly note?: string
  readonly username?: string
}

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/signature-vectors.json', import.meta.url), 'utf8'),
) as Vector[]

function delivery(headers: Record<string, string>, body: string | Buffer = ''): Delivery {
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return { source: 's', method: 'POST', path: '/webhooks/s', query: '', headers: lower, body: Buffer.from(body) }
}

function verdict(config: unknown, secrets: string[], given: Delivery): boolean {
  return createVerifier(verifySchema.parse(config), secrets).verify(given, 0).ok
}

const schemes: Record<string, (vector: Vector) => unknown> = {
  shopify: ({ headers }) => ({
    scheme: 'hmac',
    header: 'Shopify-Hmac-Sha256' in headers ? 'Shopify-Hmac-Sha256' : 'X-Shopify-Hmac-Sha256',
    encoding: 'base64',
  }),
  woocommerce: () => ({ scheme: 'hmac', header: 'x-wc-webhook-signature', encoding: 'base64' }),
  wordpress: () => ({ scheme: 'hmac', header: 'x-wp-webhook-signature', encoding: 'base64' }),
  storyblok: () => ({ scheme: 'hmac', header: 'webhook-signature', algorithm: 'sha1' }),
  drupal: () => ({ scheme: 'hmac', header: 'x-hub-signature', algorithm: 'sha1', prefix: 'sha1=' }),
  github: () => ({ scheme: 'hmac', header: 'x-hub-signature-256', prefix: 'sha256=' }),
  'kontent-ai': () => ({ scheme: 'hmac', header: 'x-kontent-ai-signature', encoding: 'base64' }),
  ghost: () => ({ scheme: 'ghost' }),
  strapi: () => ({ scheme: 'header', header: 'authorization', prefix: 'Bearer ' }),
  directus: () => ({ scheme: 'header', header: 'authorization', prefix: 'Bearer ' }),
  umbraco: () => ({ scheme: 'header', header: 'authorization', prefix: 'Bearer ' }),
  craft: () => ({ scheme: 'header', header: 'authorization', prefix: 'Bearer ' }),
  payload: () => ({ scheme: 'header', header: 'authorization', prefix: 'Bearer ' }),
  builder: () => ({ scheme: 'header', header: 'authorization', prefix: 'Bearer ' }),
}

describe('signature vectors', () => {
  const covered = vectors.filter(({ cms }) => cms in schemes)
  test('cover every scheme that exists here', () => expect(covered.length).toBeGreaterThan(25))
  for (const [index, vector] of covered.entries()) {
    test(`${index} ${vector.cms}: ${vector.expected ? 'accepted' : 'refused'}${vector.note ? `, ${vector.note}` : ''}`, () => {
      const given = delivery(vector.headers, vector.body)
      expect(verdict(schemes[vector.cms]?.(vector), [vector.secret], given)).toBe(vector.expected)
    })
  }
  test('datocms: basic credentials', () => {
    for (const { headers, expected, secret } of vectors.filter(({ cms }) => cms === 'datocms')) {
      const [username = '', password = ''] = secret.split(':')
      expect(verdict({ scheme: 'basic', username }, [password], delivery(headers))).toBe(expected)
    }
  })
})

describe('hmac', () => {
  const config: VerifyConfig = verifySchema.parse({ scheme: 'hmac', header: 'X-Sig', prefix: 'sha256=' })
  const sign = (body: string, secret = 'one') => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const check = (value: string | undefined, secrets = ['one', 'two'], over: object = {}) =>
    createVerifier({ ...config, ...over } as VerifyConfig, secrets).verify(
      delivery(value === undefined ? {} : { 'x-sig': value }, 'body'),
      0,
    )

  test('a valid signature passes, under any live secret', () => {
    expect(check(sign('body')).ok).toBe(true)
    expect(check(sign('body', 'two')).ok).toBe(true)
    expect(check(sign('body').toUpperCase().replace('SHA', 'sha')).ok).toBe(true)
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
    ['an oversized one', `sha256=${'a'.repeat(14_000)}`],
    ['one in another encoding', `sha256=${createHmac('sha256', 'one').update('body').digest('base64')}`],
  ])('%s is refused, with a reason that holds no secret', (_name, value) => {
    const refusal = check(value)
    expect(refusal.ok).toBe(false)
    expect(JSON.stringify(refusal)).toMatch(/x-sig/)
    expect(JSON.stringify(refusal)).not.toMatch(/one|two/)
  })
  test('several signatures in one header pass where the separator is configured', () => {
    expect(check(`sha256=${'0'.repeat(64)},${sign('body')}`, ['one'], { separator: ',' }).ok).toBe(true)
    expect(check(`sha256=${'0'.repeat(64)},sha256=00`, ['one'], { separator: ',' }).ok).toBe(false)
  })
  test.each(['hex', 'base64', 'base64url'] as const)('only the right bytes pass, in %s', (encoding) => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.string({ minLength: 1 }), (body, other, secret) => {
        const value = createHmac('sha256', secret).update(body).digest(encoding)
        const config = { scheme: 'hmac', header: 'x', encoding }
        const same = Buffer.compare(Buffer.from(body), Buffer.from(other)) === 0
        expect(verdict(config, [secret], delivery({ x: value }, Buffer.from(body)))).toBe(true)
        expect(verdict(config, [secret], delivery({ x: value }, Buffer.from(other)))).toBe(same)
      }),
    )
  })
})

describe('header and basic', () => {
  test('a token passes with its prefix, and a secret written with its prefix means the same', () => {
    const config = { scheme: 'header', header: 'Authorization', prefix: 'Bearer ' }
    for (const secret of ['t0ken', 'Bearer t0ken']) {
      expect(verdict(config, [secret], delivery({ authorization: 'Bearer t0ken' }))).toBe(true)
      expect(verdict(config, [secret], delivery({ authorization: 't0ken' }))).toBe(false)
      expect(verdict(config, [secret], delivery({ authorization: 'Bearer t0kem' }))).toBe(false)
      expect(verdict(config, [secret], delivery({}))).toBe(false)
    }
  })
  test('basic: a wrong user, a wrong password and another scheme are refused', () => {
    const basic = (text: string) => delivery({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
    const config = { scheme: 'basic', username: 'cms' }
    expect(verdict(config, ['pä:ss'], basic('cms:pä:ss'))).toBe(true)
    expect(verdict(config, ['pä:ss'], basic('cms:pass'))).toBe(false)
    expect(verdict(config, ['pä:ss'], basic('other:pä:ss'))).toBe(false)
    expect(verdict(config, ['pä:ss'], delivery({ authorization: 'Bearer x' }))).toBe(false)
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
  test('only none, written out, accepts anyone', () => {
    expect(verdict({ scheme: 'none' }, [], delivery({}))).toBe(true)
    expect(() => verifySchema.parse({})).toThrow()
  })
})
