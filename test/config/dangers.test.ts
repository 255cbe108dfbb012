import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config/load.ts'
import { RelayError } from '../../src/domain/errors.ts'
import { warningsOf } from '../../src/wiring/warnings.ts'

const main = {
  token: 'con_1.kP3nVx0aQ7bT9sLm',
  website_id: 'site_1',
  site_domain: 'example.com',
  default_language: 'en',
}
const shop = {
  mapper: 'shopify',
  destination: 'main',
  secret: 'Zr8-aVq2Lw6TnB4yXc',
  vars: { origin: 'https://example.com', currency: 'EUR' },
}

interface Over {
  readonly server?: Record<string, unknown>
  readonly main?: Record<string, unknown>
  readonly shop?: Record<string, unknown>
  readonly signals?: readonly unknown[]
}

function read(over: Over) {
  return readConfig(
    {
      server: over.server ?? {},
      destinations: { main: { ...main, ...over.main } },
      sources: { shop: { ...shop, ...over.shop } },
      signals: over.signals ?? [],
    },
    {},
  )
}

function mistakes(over: Over): readonly { path: string; message: string }[] {
  try {
    read(over)
    return []
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    return error.details['issues'] as { path: string; message: string }[]
  }
}

test('a sound configuration has neither', () => {
  expect(mistakes({})).toEqual([])
  expect(warningsOf(read({ server: { admin_token: 'pL5-vB9cR2xQ8wN3zM' } }))).toEqual([])
})

describe('a secret that nothing has filled in is a mistake', () => {
  const placeholders = ['$SHOP_SECRET', '${SHOP_SECRET', '${SHOP_SECRET:', '{{SHOP_SECRET}}', '{{ .Values.secret }}', '$(SHOP_SECRET)', '<%= secret %>', '%SHOP_SECRET%'] // biome-ignore format: a table
  test.each(placeholders)('%s', (placeholder) => {
    const secret = 'whsec_' + Buffer.alloc(32, 7).toString('base64')
    const at = (over: Over) =>
      mistakes(over)
        .filter(({ message }) => /placeholder/.test(message))
        .map(({ path }) => path)
    expect(at({ shop: { secret: placeholder } })).toEqual(['sources.shop.secret'])
    expect(at({ shop: { secret: ['a-good-secret-of-length', placeholder] } })).toEqual(['sources.shop.secret[1]'])
    expect(at({ shop: { verify: { scheme: 'header', header: 'x-token', secret: placeholder } } })).toEqual(['sources.shop.verify.secret']) // biome-ignore format: a row
    expect(at({ shop: { fetch: { token: placeholder } } })).toEqual(['sources.shop.fetch.token'])
    expect(at({ shop: { fetch: { headers: { 'x-key': placeholder } } } })).toEqual(['sources.shop.fetch.headers.x-key'])
    expect(at({ shop: { fetch: { query: { key: placeholder } } } })).toEqual(['sources.shop.fetch.query.key'])
    expect(at({ main: { token: placeholder } })).toEqual(['destinations.main.token'])
    expect(at({ main: { token: `con_1.${placeholder}` } })).toEqual(['destinations.main.token'])
    expect(at({ shop: { fetch: { headers: { authorization: `Bearer ${placeholder}` } } } })).toEqual(['sources.shop.fetch.headers.authorization']) // biome-ignore format: a row
    expect(at({ server: { admin_token: placeholder } })).toEqual(['server.admin_token'])
    expect(at({ signals: [{ url: 'https://ops.example.com/', secret: [secret, placeholder] }] })).toEqual(['signals[0].secret[1]']) // biome-ignore format: a row
  })

  test('a secret with such characters in it is none', () => {
    for (const secret of [
      'pa$$word-that-is-long',
      '$ecret-of-the-shop-1',
      '100%-of-all-percents%',
      'with {braces} and more',
    ]) {
      expect(mistakes({ shop: { secret } })).toEqual([])
    }
  })

  test('the value is not repeated', () => {
    expect(JSON.stringify(mistakes({ shop: { secret: '$CANARY' } }))).not.toContain('CANARY')
  })
})

describe('plain HTTP to a public host is a mistake unless it is written out', () => {
  const endpoint = { secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` }
  test.each([
    'http://api.example.com/v1/ingest',
    'http://8.8.8.8/',
    'http://[2606:4700::1]/',
    'http://intranet.example.com:8080/',
  ])('%s', (url) => {
    const at = (over: Over) =>
      mistakes(over)
        .filter(({ message }) => /unencrypted/.test(message))
        .map(({ path }) => path)
    expect(at({ main: { base_url: url } })).toEqual(['destinations.main.base_url'])
    expect(at({ shop: { fetch: { base_url: url } } })).toEqual(['sources.shop.fetch.base_url'])
    expect(at({ signals: [{ ...endpoint, url }] })).toEqual(['signals[0].url'])
    expect(at({ main: { base_url: url, insecure: true } })).toEqual([])
    expect(at({ shop: { fetch: { base_url: url, insecure: true } } })).toEqual([])
    expect(at({ signals: [{ ...endpoint, url, insecure: true }] })).toEqual([])
  })

  test.each(['http://localhost:8081/', 'http://127.0.0.1/', 'http://[::1]/', 'http://10.1.2.3/', 'http://strapi:1337/', 'http://cms.internal/', 'http://cms.default.svc.cluster.local/', 'https://api.example.com/'])(
    '%s is fine',
    (url) => {
      expect(mistakes({ main: { base_url: url } })).toEqual([])
    },
  ) // biome-ignore format: a table
})

describe('a warning', () => {
  const one = (over: Over) => warningsOf(read(over))

  test('says that anyone may send, unless only this machine can', () => {
    const open = { verify: 'none', secret: undefined }
    expect(one({ shop: open })).toEqual([
      expect.stringMatching(/^sources\.shop\.verify: none, and the relay listens on 0\.0\.0\.0/),
    ])
    for (const host of ['127.0.0.1', 'localhost', '::1']) expect(one({ shop: open, server: { host } })).toEqual([])
    expect(one({ shop: { ...open, enabled: false } })).toEqual([])
  })

  test.each([
    ['short', 'fewer than 16'],
    ['fifteen-letters', 'fewer than 16'],
    ['sandbox-secret', 'anybody tries first'],
    ['changeme', 'anybody tries first'],
    ['xxxxxxxxxxxxxxxxxxxxxxxx', 'anybody tries first'],
    ['abc123abc123abc123', 'anybody tries first'],
    ['1234567890123456', 'anybody tries first'],
    ['qwertyuiopasdfghjkl', 'anybody tries first'],
    ['aaaabbbbccccddddaaab', 'anybody tries first'],
  ])('says of the secret %s: %s, and does not repeat it', (secret, words) => {
    const found = [
      ...one({ shop: { secret } }),
      ...one({ shop: { secret: undefined, verify: { scheme: 'header', header: 'x-token', secret } } }),
      ...one({ main: { token: `con.${secret}` } }),
    ]
    expect(found).toHaveLength(3)
    for (const warning of found) {
      expect(warning).toContain(words)
      expect(warning).not.toContain(secret)
    }
  })

  test('says nothing of the token of an ingest API on this machine: it is the sandbox', () => {
    const token = 'con.sandbox-token-secret'
    for (const base_url of [
      'http://127.0.0.1:8081/v1/ingest',
      'http://localhost:9/v1/ingest',
      'http://[::1]:9/v1/ingest',
    ]) {
      expect(one({ main: { token, base_url } })).toEqual([])
    }
    expect(one({ main: { token, base_url: 'http://10.0.0.1/v1/ingest' } })).toHaveLength(1)
  })

  test('says nothing of a secret in front of the sandbox of this machine, unless others reach the relay', () => {
    const main = { token: 'sandbox.sandbox-token-secret', base_url: 'http://127.0.0.1:8081/v1/ingest' }
    const shop = { secret: 'sandbox-secret' }
    const server = { host: '127.0.0.1' }
    expect(one({ main, shop, server })).toEqual([])
    const guarded = expect.arrayContaining([expect.stringMatching(/^sources\.shop\.secret: .*anybody tries first/)])
    expect(one({ main, shop })).toEqual(guarded)
    expect(one({ main, shop, server: { ...server, public_url: 'https://relay.example.com' } })).toEqual(guarded)
    expect(one({ main: { ...main, token: 'con.a-secret-of-its-own' }, shop, server })).toEqual(guarded)
    expect(one({ main: { ...main, base_url: 'https://api.example.com/v1' }, shop, server })).toEqual(guarded)
  })

  test('says where the origin is not the site, whose urls all items must have', () => {
    expect(one({ shop: { vars: { origin: 'https://www.example.com', currency: 'EUR' } } })).toEqual([
      "sources.shop.vars.origin: its host www.example.com is not example.com, the site_domain of destination 'main'",
    ])
  })

  test.each(['german', 'en_US', 'e', 'English (US)', ''])('says that %j is no language tag', (default_language) => {
    expect(one({ main: { default_language } })).toEqual([
      expect.stringMatching(/default_language: '.*' is no language tag/),
    ])
  })

  test.each(['de', 'pt-BR', 'zh-Hant-TW', 'gsw', 'es-419'])('says nothing of %s', (default_language) => {
    expect(one({ main: { default_language } })).toEqual([])
  })
})
