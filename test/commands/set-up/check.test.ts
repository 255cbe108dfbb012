import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadMappers } from '../../../src/mapping/library/load.ts'
import { runCommand } from '../../e2e/process.ts'
import { createFolder } from '../../folder.ts'
import { runHere } from '../run-here.ts'

const stackTrace = /^\s+at /m
const secrets = { TOKEN: 'con_1.token-canary-1', HOOK: 'hook-canary-2', ADMIN: 'admin-token-canary-3' }

const valid = `
server: { admin_token: "\${ADMIN}", port: 9000 }
store: sqlite:./somewhere/relay.db
destinations:
  main: { token: "\${TOKEN}", website_id: site_1, site_domain: Example.com }
  spare: { token: "\${TOKEN}", website_id: site_2, site_domain: example.org, enabled: false }
sources:
  shop:
    mapper: shopify
    destination: [main, spare]
    secret: ["\${HOOK}", old-canary-4]
    vars: { origin: https://example.com }
  demo: { mapper: generic, destination: main, verify: none, enabled: false }
`

function writeFiles(yaml: string, mappers: Record<string, string> = {}): string {
  const cwd = createFolder()
  writeFileSync(join(cwd, 'relay.yaml'), yaml)
  mkdirSync(join(cwd, 'own'))
  for (const [name, text] of Object.entries(mappers)) writeFileSync(join(cwd, 'own', name), text)
  return cwd
}

async function checkFile(yaml: string, args: readonly string[] = [], mappers: Record<string, string> = {}) {
  const file = join(writeFiles(yaml, mappers), 'relay.yaml')
  const ran = await runHere(['check', '--config', file, ...args], secrets)
  expect(ran.stdout + ran.stderr).not.toContain('canary')
  expect(ran.stderr).not.toMatch(stackTrace)
  return ran
}

test('warns of a rate limit for every mapper whose system does not send again for long', async () => {
  const library = await loadMappers()
  const sources = library.list().map(({ name, vars, needsModels }) => {
    const values: Record<string, string> = {
      origin: 'https://example.com',
      currency: 'EUR',
      media_origin: 'https://example.com',
    }
    const required = Object.keys(vars).filter((key) => vars[key]?.required)
    return {
      name,
      mapper: name,
      destination: 'main',
      verify: 'none',
      rate_limit: { max: 100 },
      ...(['bigcommerce', 'storyblok'].includes(name) && { fetch: { token: 'x' } }),
      vars: Object.fromEntries(
        required.map((key) => [key, vars[key]?.format === 'map' ? { a: 'b' } : (values[key] ?? 'x')]),
      ),
      ...(needsModels && { models: { article: { type: 'post', url: '"https://example.com/" & id' } } }),
    }
  })
  const destinations = { main: { token: 'con_1.x', website_id: 'site_1', site_domain: 'example.com' } }
  const named = Object.fromEntries(sources.map(({ name, ...source }) => [name, source]))
  const { stdout, stderr } = await checkFile(JSON.stringify({ destinations, sources: named }), ['--json'])
  expect(stderr).toBe('')
  const warnings: string[] = JSON.parse(stdout).warnings.filter((text: string) => text.includes('.rate_limit: '))
  const lasting = library.list().filter(({ retries }) => retries?.for === 'hours' || retries?.for === 'days')
  expect(lasting.map(({ name }) => name)).toContain('shopify')
  for (const { name } of library.list()) {
    const isWarned = warnings.some((text) => text.startsWith(`sources.${name}.rate_limit: `))
    expect(isWarned, name).toBe(!lasting.some((one) => one.name === name))
  }
  expect(warnings).toContain(
    'sources.woocommerce.rate_limit: webhooks over it are lost: WooCommerce does not send them again (not at all; it disables the webhook after more than 5 failures in a row)',
  )
})

test('warns of a rate limit where a mapper does not say whether its system sends again, and of none that is not set', async () => {
  const mine = {
    'mine.yaml':
      'name: mine\ntitle: Mine\nverify: { scheme: hmac, header: x-s }\nrecords: [{ name: a, type: post, id: id, url: url }]\n',
  }
  const yaml = (more: string) =>
    `${valid}  mine: { mapper: mine, destination: main, secret: a-long-enough-secret${more} }\nmappers_dir: ./own\n`
  const warned = await checkFile(yaml(', rate_limit: { max: 5 }'), [], mine)
  expect(warned.stdout).toMatch(/^warning: sources\.mine\.rate_limit: .*mapper 'mine' has no `retries`/m)
  expect((await checkFile(yaml(''), [], mine)).stdout).not.toContain('rate_limit')
})

describe('check of a valid configuration', () => {
  test('prints what is wired to what, for people', async () => {
    const { code, stdout, stderr } = await runCommand(['check'], { cwd: writeFiles(valid), env: secrets })
    expect(stdout).not.toContain('canary')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/relay\.yaml: valid$/m)
    expect(stdout).toMatch(/^listen +0\.0\.0\.0:9000$/m)
    expect(stdout).toMatch(/^store +sqlite:\.\/somewhere\/relay\.db$/m)
    expect(stdout).toMatch(/^admin API +on$/m)
    expect(stdout).toMatch(/^\/webhooks\/shop +hmac, 2 secrets +shopify \S+ +-> main, spare$/m)
    expect(stdout).toMatch(/^\/webhooks\/demo +none, 0 secrets +generic \S+ +-> main +off$/m)
    expect(stdout).toMatch(/^main +https:\/\/api\.bainquet\.online\/v1\/ingest +site_1 +example\.com$/m)
    expect(stdout).toMatch(/^spare .* off$/m)
  })

  test('and for machines', async () => {
    const { code, stdout } = await checkFile(valid, ['--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      file: expect.stringMatching(/relay\.yaml$/),
      admin_api: 'on',
      sources: [
        { name: 'shop', path: '/webhooks/shop', verify: 'hmac', secrets: 2, destinations: ['main', 'spare'] },
        { name: 'demo', enabled: false, verify: 'none', destinations: ['main'] },
      ],
      destinations: [
        { name: 'main', token: 'set', enabled: true },
        { name: 'spare', enabled: false },
      ],
    })
  })
})

test('check warns of a source whose mapper sends registered models only, where none is registered', async () => {
  const sourceOf = (models: string) => `
destinations: { main: { token: "\${TOKEN}", website_id: site_1, site_domain: example.com } }
sources: { cms: { mapper: strapi, destination: main, secret: "\${HOOK}", vars: { origin: https://example.com }, models: ${models} } }
`
  const mute = await checkFile(sourceOf('{}'))
  expect(mute.code).toBe(0)
  expect(mute.stdout).toMatch(/^warning: sources\.cms: mapper 'strapi' sends registered models only/m)
  const sound = await checkFile(sourceOf('{ "api::article.article": { type: post } }'))
  expect(sound.code).toBe(0)
  expect(sound.stdout).not.toContain('registered models')
})

describe('check of one with mistakes', () => {
  test('lists every mistake of the file with its path, and ends with 1', async () => {
    const { code, stdout, stderr } = await checkFile(`
server: { port: 99999, colour: red, shutdown_grace: soon }
store: mysql://user:pw-canary-5@host/db
destinations:
  main: { token: token-canary-without-dot, website_id: site_1, site_domain: "https://example.com" }
  bad name: { token: "\${NOT_SET}", website_id: s, site_domain: example.com }
sources:
  shop: { mapper: shopify, destination: other, secret: "" }
`)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    for (const path of [
      'server.port',
      'server.shutdown_grace',
      'store',
      'destinations.main.token',
      'destinations.main.site_domain',
      'sources.shop.secret',
    ])
      expect(stderr).toMatch(new RegExp(`relay\\.yaml:\\d+:\\d+: ${path.replaceAll('.', '\\.')}: .+$`, 'm'))
    expect(stderr).toMatch(/colour/)
    expect(stderr).toMatch(/bad name/)
    expect(stderr).toMatch(/NOT_SET is not set/)
    expect(stderr).toMatch(/^cms-relay: \S+relay\.yaml: \d+ mistakes$/m)
  })

  test('lists every mistake of the wiring: mapper, vars, verification', async () => {
    const { code, stderr } = await checkFile(`
destinations:
  main: { token: "\${TOKEN}", website_id: site_1, site_domain: example.com }
sources:
  one: { mapper: shopfy, destination: main, secret: "\${HOOK}" }
  two: { mapper: shopify, destination: main, secret: "\${HOOK}", vars: { currency: dollars, colour: red } }
  three: { mapper: shopify, destination: main, vars: { origin: https://example.com } }
`)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /relay\.yaml:5:18: sources\.one\.mapper: shopfy: there is no such mapper; did you mean shopify\?$/m,
    )
    expect(stderr).toMatch(/: sources\.two\.vars\.origin: .*requires it/m)
    expect(stderr).toMatch(/: sources\.two\.vars\.currency: /m)
    expect(stderr).toMatch(/: sources\.two\.vars\.colour: /m)
    expect(stderr).toMatch(/: sources\.three\.secret: /m)
  })

  test('finds those in mappers of your own, beside the file', async () => {
    const { code, stderr } = await checkFile(
      `
mappers_dir: ./own
destinations:
  main: { token: "\${TOKEN}", website_id: site_1, site_domain: example.com }
sources:
  one: { mapper: mine, destination: main, verify: none }
`,
      [],
      { 'mine.yaml': 'name: mine\ntitle: Mine\nrecords:\n  - name: r\n    type: post\n    id: "(("\n    url: url\n' },
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/own\/mine\.yaml.*id/)
  })

  test('that is no YAML, or is not there, says where', async () => {
    const broken = await checkFile('server: {\n  port: [1\n')
    expect(broken.code).toBe(1)
    expect(broken.stderr).toMatch(/relay\.yaml:2:9: the `\[` that begins here is not closed/)
    const missing = await runHere(['check', '--config', 'nowhere.yaml'])
    expect(missing.code).toBe(1)
    expect(missing.stderr).toBe('cms-relay: nowhere.yaml: 1 mistake\nnowhere.yaml: there is no such file\n')
    expect(missing.stderr).not.toMatch(stackTrace)
  })
})

test('check and serve refuse a file with the same words, and end with 1', async () => {
  const cwd = writeFiles('server: { port: 99999, colour: red }\nsources: { a: { destination: "canary-${HOOK}" } }\n')
  const [checked, served] = await Promise.all(
    ['check', 'serve'].map((name) => runCommand([name], { cwd, env: secrets })),
  )
  expect(served).toEqual(checked)
  expect(served).toMatchObject({ code: 1, stdout: '' })
  expect(served?.stderr).toMatch(/server\.port/)
  expect(served?.stderr).not.toContain(secrets.HOOK)
  expect(served?.stderr).not.toMatch(stackTrace)
})

describe('check of a configuration with mistakes in several files', () => {
  const broken = 'name: broken\ntitle: B\nrecords:\n  - { name: x, type: post, id: "1 +", url: url }\n'
  const sources = `
destinations: { main: { token: "\${TOKEN}", website_id: site_1, site_domain: example.com } }
sources:
  open: { mapper: generic, destination: main }
  mine: { mapper: broken, destination: main, secret: "\${HOOK}" }
mappers_dir: `

  test('tells those of the mappers and those of the sources, each once', async () => {
    const { code, stderr } = await checkFile(`${sources}./own`, [], { 'broken.yaml': broken })
    expect(code).toBe(1)
    const [first, ...lines] = stderr.trimEnd().split('\n')
    expect(first).toMatch(/^cms-relay: .*relay\.yaml: 2 mistakes$/)
    expect(lines).toEqual([
      expect.stringMatching(/own\/broken\.yaml:4:\d+: records\[0\]\.id: expression 1 \+ is not valid: /),
      expect.stringMatching(/relay\.yaml:4:3: sources\.open\.secret: verify scheme 'hmac' needs a secret/),
    ])
  })

  test('and a folder of mappers that is not there, also beside mistakes elsewhere', async () => {
    const { stderr } = await checkFile(`${sources}./nowhere\nlog: { level: loud }`)
    expect(stderr).toMatch(/relay\.yaml:7:15: log\.level: loud: /m)
    expect(stderr).toMatch(
      /relay\.yaml:6:14: mappers_dir: cannot read the folder of mappers .*nowhere: there is no such folder$/m,
    )
    expect(stderr).toMatch(/: sources\.open\.secret: /m)
    expect(stderr).not.toContain('there is no such mapper')
  })
})
