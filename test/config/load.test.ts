import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findConfigFile, loadConfig, readConfig } from '../../src/config/load.ts'
import { RelayError } from '../../src/domain/errors.ts'
import type { Issue } from '../../src/mistakes/issue.ts'
import { loadWholeConfig } from '../../src/wiring/sources.ts'
import { atEndOfFile } from '../e2e/process.ts'
import { createFolder } from '../folder.ts'

const folder = createFolder(atEndOfFile())
const full = `
destinations:
  main:
    token: \${TOKEN}
    website_id: site_1
    site_domain: Example.com
sources:
  shop:
    mapper: shopify
    destination: main
    secret: \${SECRET:-fallback-secret}
    vars: { origin: https://example.com }
`

function file(text: string, name = 'relay.yaml'): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

function issuesOf(read: () => unknown): readonly Issue[] {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(RelayError)
    return ((error as RelayError).details['issues'] as readonly Issue[]).map(({ path, message }) => ({ path, message }))
  }
  throw new Error('the configuration was taken')
}

describe('a valid configuration', () => {
  test('is filled in, defaulted and frozen', () => {
    const { config } = loadConfig(file(full), { TOKEN: 'con_1.s3cret' })
    expect(config.destinations['main']).toMatchObject({
      token: 'con_1.s3cret',
      site_domain: 'example.com',
      base_url: 'https://api.bainquet.online/v1/ingest',
      connector_type: 'api',
      enabled: true,
      delivery: {
        debounce: 1000,
        max_wait: 15_000,
        max_items: 500,
        max_bytes: 4 * 1024 ** 2,
        concurrency: 2,
        timeout: 15_000,
      },
      retry: { base: 1000, cap: 600_000, max_age: 259_200_000 },
    })
    expect(config.sources['shop']).toMatchObject({
      secret: 'fallback-secret',
    })
    expect(config.server).toMatchObject({ host: '0.0.0.0', port: 8080, body_limit: 5 * 1024 ** 2, trust_proxy: false })
    expect(config.retention).toEqual({ events: 604_800_000, attempts: 2_592_000_000 })
    expect(Object.isFrozen(config.destinations['main']?.delivery)).toBe(true)
  })

  test('takes secrets from files, without the last line break', () => {
    const secret = file('con_1.from-file\n', 'token')
    const { config } = loadConfig(file(full.replace('${TOKEN}', `\${file:${secret}}`)), {})
    expect(config.destinations['main']?.token).toBe('con_1.from-file')
  })

  test('is overridden by PORT, RELAY_STORE, RELAY_ADMIN_TOKEN, LOG_LEVEL and LOG_FORMAT', () => {
    const env = {
      TOKEN: 'a.b',
      PORT: '9000',
      RELAY_STORE: 'sqlite:/x.db',
      RELAY_ADMIN_TOKEN: 'a-long-admin-token',
      LOG_LEVEL: 'warn',
      LOG_FORMAT: 'json',
    }
    const { server, store, log } = loadConfig(file(full), env).config
    expect([server.port, store, server.admin_token, log]).toEqual([
      9000,
      'sqlite:/x.db',
      'a-long-admin-token',
      { level: 'warn', format: 'json' },
    ])
  })

  test('a substituted value cannot change the structure', () => {
    const { config } = loadConfig(file(full), { TOKEN: 'a.b', SECRET: 'x\nsources: {}' })
    expect(config.sources['shop']?.secret).toBe('x\nsources: {}')
  })

  test('the BAINQUET_* names make a destination called default where the file names none', () => {
    const env = {
      BAINQUET_CONNECTOR_TOKEN: 'con.s',
      BAINQUET_WEBSITE_ID: 'w',
      BAINQUET_SITE_DOMAIN: 'example.org',
      BAINQUET_BASE_URL: 'http://127.0.0.1:1/v1/ingest',
      BAINQUET_CONNECTOR_VERSION: '2.0.0',
      BAINQUET_ENABLED: 'False',
    }
    expect(readConfig({}, env).destinations['default']).toMatchObject({
      token: 'con.s',
      website_id: 'w',
      site_domain: 'example.org',
      base_url: 'http://127.0.0.1:1/v1/ingest',
      connector_version: '2.0.0',
      enabled: false,
    })
    expect(Object.keys(loadConfig(file(full), { ...env, TOKEN: 'a.b' }).config.destinations)).toEqual(['main'])
  })
})

describe('mistakes', () => {
  test('are reported all at once, each with its path', () => {
    const text = `
server: { port: eighty, colour: red }
destinations:
  main: { token: nodot, site_domain: https://example.com, delivery: { debounce: soon, max_items: 501 } }
sources:
  shop: { mapper: shopify, destination: nowhere, secret: "\${MISSING}" }
  '../etc': { mapper: generic, destination: main, verify: none }
retention: { events: 7 days }
`
    const issues = issuesOf(() => loadConfig(file(text), {}))
    const paths = issues.map(({ path }) => path)
    for (const path of [
      'server.port',
      'server.colour',
      'destinations.main.token',
      'destinations.main.website_id',
      'destinations.main.site_domain',
      'destinations.main.delivery.debounce',
      'destinations.main.delivery.max_items',
      'sources.shop.secret',
      'sources.../etc',
      'retention.events',
    ]) {
      expect(paths, path).toContain(path)
    }
    expect(issues.find(({ path }) => path === 'server.colour')?.message).toMatch(/^unknown key/)
    expect(issues.find(({ path }) => path === 'sources.shop.secret')?.message).toBe(
      'environment variable MISSING is not set',
    )
    expect(issues.filter(({ path }) => path === 'sources.shop.secret')).toHaveLength(1)
  })

  test.each(['', '   ', '\n\n'])('a secret that is %j is one', (secret) => {
    const source = `sources: { hook: { mapper: generic, destination: main, secret: "\${HOOK}" } }`
    const issues = issuesOf(() => loadConfig(file(source), { HOOK: secret }))
    expect(issues).toContainEqual({ path: 'sources.hook.secret', message: '(value of ${HOOK}): must not be empty' })
  })

  test('a source that names no destination of the file is one', () => {
    const issues = issuesOf(() =>
      loadConfig(file(full.replace('destination: main', 'destination: [main, other]')), { TOKEN: 'a.b' }),
    )
    expect(issues).toEqual([
      { path: 'sources.shop.destination[1]', message: 'other: there is no such destination (there is main)' },
    ])
  })

  test('broken YAML is told with its line, a missing file with its name', () => {
    expect(issuesOf(() => loadConfig(file('a: [1\nb: 2'), {}))[0]?.message).toBe(
      'the `[` that begins here is not closed: a `]` is missing',
    )
    expect(() => loadConfig(join(folder, 'none.yaml'), {})).toThrow(/none\.yaml/)
  })

  test('a YAML alias bomb is refused', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'
        .split('')
        .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`),
    ].join('\n')
    expect(issuesOf(() => loadConfig(file(bomb), {}))[0]?.message).toMatch(/alias/i)
  })

  test('in what is wired to what are told together with the others', async () => {
    const text = `${full.replace('mapper: shopify', 'mapper: shopfy')}
  blog: { mapper: shopify, destination: nowhere, secret: x }
server: { port: eighty }`
    const error = await loadWholeConfig(file(text), { TOKEN: 'a.b' }).catch((error: unknown) => error)
    const paths = issuesOf(() => {
      throw error
    }).map(({ path }) => path)
    expect(paths.toSorted()).toEqual([
      'server.port',
      'sources.blog.destination',
      'sources.blog.vars.origin',
      'sources.shop.mapper',
    ])
  })

  test('hold no secret', () => {
    const issues = issuesOf(() => loadConfig(file(`${full}\nstore: mysql://x`), { TOKEN: 'canary-without-a-dot' }))
    expect(issues.length).toBeGreaterThan(1)
    expect(JSON.stringify(issues)).not.toContain('canary')
  })
})

test('the file is the flag, else RELAY_CONFIG, else ./relay.yaml, else none', () => {
  expect(findConfigFile('x.yaml', { RELAY_CONFIG: 'y.yaml' }, '/base')).toBe('/base/x.yaml')
  expect(findConfigFile(undefined, { RELAY_CONFIG: 'y.yaml' }, '/base')).toBe('/base/y.yaml')
  file(full)
  expect(findConfigFile(undefined, {}, folder)).toBe(join(folder, 'relay.yaml'))
  expect(findConfigFile(undefined, {}, '/')).toBeNull()
})

test.each([
  [
    'sources.shop.secret',
    'secret: ${SECRET:-fallback-secret}',
    'secret: 12345',
    /^must be text, or a list of texts: digits/,
  ],
  ['sources.shop.destination', 'destination: main', 'destination: 1', /^1: must be the name of a destination/],
  [
    'sources.shop.verify',
    'mapper: shopify',
    'mapper: shopify\n    verify: hmac',
    /^hmac: must be none, or a map such as \{ scheme/,
  ],
  [
    'sources.shop.silent_after',
    'mapper: shopify',
    'mapper: shopify\n    silent_after: 36',
    /^36: must be auto, off, or a duration/,
  ],
  [
    'sources.shop.rate_limit.max',
    'mapper: shopify',
    'mapper: shopify\n    rate_limit: { max: 0 }',
    /^0: must be at least 1$/,
  ],
  [
    'sources.shop.rate_limit.max',
    'mapper: shopify',
    'mapper: shopify\n    rate_limit: { max: many }',
    /^many: must be a whole number, at least 1$/,
  ],
  [
    'sources.shop.rate_limit.max',
    'mapper: shopify',
    'mapper: shopify\n    rate_limit: { window: 1s }',
    /^is required$/,
  ],
  ['sources.a shop', '  shop:', '  "a shop":', /^names are letters, digits/],
  [
    'destinations.main.retry.max_age',
    'site_domain:',
    'retry: { max_age: 72 }\n    site_domain:',
    /^72: must be a duration such as .*: a unit is missing$/,
  ],
  [
    'destinations.main.delivery.max_bytes',
    'site_domain:',
    'delivery: { max_bytes: 4 }\n    site_domain:',
    /^4: must be a size such as .*: a unit is missing$/,
  ],
])('%s says what is expected (%s becomes %s)', (path, from, to, message) => {
  const issues = issuesOf(() => loadConfig(file(full.replace(from, to)), { TOKEN: 'con_1.s3cret' }))
  expect(issues).toEqual([{ path, message: expect.stringMatching(message) }])
})

test.each([
  ['destinations.main.delivery.timeout', 'site_domain:', 'delivery: { timeout: 0s }\n    site_domain:'],
  ['sources.shop.rate_limit.window', 'mapper: shopify', 'mapper: shopify\n    rate_limit: { max: 1, window: 0s }'],
  ['sources.shop.fetch.timeout', 'mapper: shopify', 'mapper: shopify\n    fetch: { timeout: 0ms }'],
  ['retention.events', 'destinations:', 'retention: { events: 0d }\ndestinations:'],
])('%s of 0 is a mistake: nothing would be done in it', (path, from, to) => {
  const issues = issuesOf(() => loadConfig(file(full.replace(from, to)), { TOKEN: 'con_1.s3cret' }))
  expect(issues).toEqual([{ path, message: expect.stringMatching(/^0\w+: must be longer than 0$/) }])
})

test('a rest of 0 before sending is none', () => {
  const text = full.replace('site_domain:', 'delivery: { debounce: 0s, max_wait: 0s }\n    site_domain:')
  const { config } = loadConfig(file(text), { TOKEN: 'con_1.s3cret' })
  expect(config.destinations['main']?.delivery).toMatchObject({ debounce: 0, max_wait: 0 })
})

test('.env beside the configuration fills it in, and the environment wins over it', () => {
  const path = file(full, 'filled/relay.yaml')
  writeFileSync(join(folder, 'filled/.env'), 'TOKEN=con_1.of-the-file\nSECRET=of-the-file\n')
  const { config } = loadConfig(path, { SECRET: 'of-the-environment' })
  expect(config.destinations['main']?.token).toBe('con_1.of-the-file')
  expect(config.sources['shop']?.secret).toEqual('of-the-environment')
})

test('a var, a model and a setting of a scheme stay the text that a variable holds', () => {
  const text = '{"a":"b"}'
  const config = readConfig(
    {
      destinations: { main: { token: 'con_1.s3cret', website_id: 'site_1', site_domain: 'example.com' } },
      sources: {
        own: {
          mapper: 'generic',
          destination: 'main',
          secret: 'a-secret-of-the-source',
          verify: { scheme: 'hmac', header: 'x-sig', prefix: '${X}' },
          vars: { label: '${X}' },
          models: { article: { type: 'post', json: '${X}' } },
        },
      },
    },
    { X: text },
  )
  expect(config.sources['own']).toMatchObject({
    vars: { label: text },
    models: { article: { json: text } },
    verify: { prefix: text },
  })
})
