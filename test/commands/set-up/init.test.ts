import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { init } from '../../../src/commands/set-up/init/init.ts'
import type { InitOptions } from '../../../src/commands/set-up/init/options.ts'
import { needsOf } from '../../../src/commands/set-up/mapper-needs.ts'
import { loadMappers } from '../../../src/mapping/library/load.ts'
import { createFolder } from '../../folder.ts'
import { runHere } from '../run-here.ts'

const library = await loadMappers()
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()

/** A secret that each way of reading one accepts: Contentful's have 64 characters, others are hex or base64. */
const secret = 'd3adbeef5a1e90c7'.repeat(4)
const connection = [
  '--token',
  'con_1.a-secret-that-is-long',
  '--website-id',
  'site_1',
  '--public-url',
  'https://relay.example.com',
]

async function initIn(args: readonly string[], folder = createFolder(), env: Record<string, string> = {}) {
  const file = join(folder, 'relay.yaml')
  const ran = await runHere(['init', ...args, '--output', file], env)
  const textOf = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '')
  return { ...ran, folder, file, text: textOf('relay.yaml'), dotEnv: parseEnv(textOf('.env')), textOf }
}

/** All that the mapper needs, as a person would give it. */
function answersFor(name: string, folder: string): Partial<InitOptions> {
  const definition = library.get(name)!
  const needs = needsOf(definition)
  const values: Record<string, string> = {
    locales: 'en-US,de-DE',
    collections: '65a=blog, 65b=product',
    currency: 'EUR',
  }
  const toSay = needs.required.filter(({ format }) => format !== 'origin')
  writeFileSync(join(folder, 'key.pem'), pem)
  return {
    site: 'example.com',
    token: 'con_1.a-secret-that-is-long',
    websiteId: 'site_1',
    publicUrl: 'https://relay.example.com/',
    var: toSay.map((one) => `${one.name}=${values[one.name] ?? 'value'}`),
    secret: definition.setup?.secret === 'cms' ? (definition.setup.secrets ?? ['']).map(() => secret) : [],
    ...(needs.settings.includes('public_key') && { publicKey: join(folder, 'key.pem') }),
    model: needs.models ? ['blogPost:post:/blog/{slug}', 'product'] : [],
    apiToken: 'api-token',
  }
}

/** `init` with mappers that are read already: reading them costs more than all else. */
async function initOf(options: Partial<InitOptions> & Pick<InitOptions, 'mapper' | 'output' | 'add'>): Promise<string> {
  let said = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
  const rest = { secret: [], var: [], model: [], force: false, yes: false, isTerminal: false, env: {} }
  await init({ ...rest, ...options }, { load: async () => library }).finally(() => write.mockRestore())
  return said
}

describe('init writes a configuration', () => {
  // One file for all: each is added to those before it.
  test('for every CMS that check accepts at once, if all is said', async () => {
    const folder = createFolder()
    const output = join(folder, 'relay.yaml')
    for (const [at, mapper] of library.names.entries()) {
      const said = await initOf({ ...answersFor(mapper, folder), mapper, output, add: at > 0 })
      expect(said).not.toContain('Still to be filled in')
      expect(said).toContain(`https://relay.example.com/webhooks/${mapper}`)
      expect(said).not.toMatch(/\{(url|secret|page)\}/)
    }
    const checked = await runHere(['check', '--config', output])
    expect(checked).toMatchObject({ code: 0, stderr: '' })
    for (const name of library.names) expect(checked.stdout).toContain(`/webhooks/${name} `)
    expect(checked.stdout).not.toContain('warning')

    const hints = [...readFileSync(output, 'utf8').matchAll(/# (html: .+?) # without it items have no text/g)]
    expect(hints.length).toBeGreaterThan(20)
    writeFileSync(output, readFileSync(output, 'utf8').replaceAll(/# (html: .+?) # without it/g, '$1 # without it'))
    expect(await runHere(['check', '--config', output])).toMatchObject({ code: 0, stderr: '' })
  })

  test('with variables for what is not said, each empty in .env and named', async () => {
    const { code, stdout, file, dotEnv } = await initIn(['contentful', '--site', 'example.com'])
    expect(code).toBe(0)
    expect(dotEnv).toEqual({
      BAINQUET_CONNECTOR_TOKEN: '',
      BAINQUET_WEBSITE_ID: '',
      RELAY_ADMIN_TOKEN: expect.stringMatching(/^[\w-]{43}$/),
      CONTENTFUL_WEBHOOK_SECRET: '',
      CONTENTFUL_LOCALES: '',
    })
    for (const [name, value] of Object.entries(dotEnv)) expect(stdout.includes(name)).toBe(value === '')
    expect(stdout).toContain('docs/running.md#a-tunnel-to-your-laptop')
    expect(stdout).toMatch(/`models` in \S+ holds an example/)
    expect((await runHere(['check', '--config', file])).code).toBe(1)
  })

  test('with the site as it is given, in any form', async () => {
    const { text } = await initIn(['shopify', '--site', 'https://WWW.Example.com/', '--source', 'my-shop'])
    expect(text).toContain('site_domain: www.example.com')
    expect(text).toContain('origin: https://www.example.com')
    expect(text).toContain('  my-shop:')
    expect(text).toMatch(/^# yaml-language-server: \$schema=\S+\n/)
    expect(text).toContain('${MY_SHOP_WEBHOOK_SECRET}')
  })

  test('with lists, maps and urls as a mapper takes them', async () => {
    const args = ['webflow', '--site', 'example.com', '--var', 'collections=65a=blog', '--var', 'locales={"1":"*"}']
    const { text } = await initIn([
      ...args,
      '--model',
      'blog:post:/de/{slug}/',
      '--model',
      'product::/p/{slug}',
      '--port',
      '9000',
    ])
    expect(text).toMatch(/ collections: \{ 65a: blog \} /)
    expect(text).toMatch(/ locales: \{ "1": "\*" \} /)
    expect(text).toContain('        type: post\n        url: $vars.origin & "/de/" & slug & "/"\n')
    expect(text).toContain('      product:\n        type: product\n        url: $vars.origin & "/p/" & slug\n')
    expect(text).toContain('port: 9000')
    expect(text.match(/- \$\{WEBFLOW_SECRET_/g)).toHaveLength(5)
  })

  test('with secrets from the environment, and made up ones in the form that the scheme reads', async () => {
    const env = { BAINQUET_CONNECTOR_TOKEN: 'con_2.s ecret', GENERIC_WEBHOOK_SECRET: "it's #1 of $5" }
    expect(await initIn(['generic', '--site', 'a.example'], undefined, env)).toMatchObject({ code: 2 })
    const given = await initIn(['generic', '--site', 'a.example'], undefined, { GENERIC_WEBHOOK_SECRET: "it's #1" })
    expect(given.dotEnv['GENERIC_WEBHOOK_SECRET']).toBe("it's #1")
    const secretOf = async (name: string) => {
      const { dotEnv } = await initIn([name, '--site', 'a.example'])
      return dotEnv[`${name.toUpperCase().replace('-', '_')}_WEBHOOK_SECRET`]
    }
    expect(await secretOf('standard-webhooks')).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(await secretOf('squarespace')).toMatch(/^[0-9a-f]{64}$/)
    expect(await secretOf('strapi')).toMatch(/^[\w-]{43}$/)
    expect(await secretOf('shopify')).toBe('')
  })

  test('for the sandbox, without a token', async () => {
    const { text, dotEnv, stdout } = await initIn(['ghost', '--site', 'blog.example.com', '--token', 'sandbox'])
    expect(text).toContain('base_url: http://127.0.0.1:8081/v1/ingest')
    expect(dotEnv).toMatchObject({
      BAINQUET_CONNECTOR_TOKEN: 'sandbox.sandbox-token-secret',
      BAINQUET_WEBSITE_ID: 'site_sandbox',
    })
    expect(stdout).toContain('npx cms-relay sandbox --site-domain blog.example.com')
  })

  test('for the sandbox, at another address', async () => {
    const url = 'http://127.0.0.1:9090/v1/ingest'
    const { text } = await initIn(['ghost', '--site', 'a.example', '--token', 'sandbox', '--base-url', url])
    expect(text).toContain(`base_url: ${url}`)
  })

  test('in a folder whose name a shell would take apart', async () => {
    const folder = join(createFolder(), "it's mine")
    mkdirSync(folder)
    const { stdout } = await initIn(['ghost', '--site', 'a.example'], folder)
    expect(stdout).toContain("it'\\''s mine/relay.yaml'")
  })

  test('and shows no secret', async () => {
    const { stdout, dotEnv, text } = await initIn(['strapi', '--site', 'example.com', ...connection])
    for (const name of ['STRAPI_WEBHOOK_SECRET', 'RELAY_ADMIN_TOKEN', 'BAINQUET_CONNECTOR_TOKEN']) {
      expect(stdout).not.toContain(dotEnv[name])
      expect(text).not.toContain(dotEnv[name])
    }
    expect(stdout).toContain('the value of STRAPI_WEBHOOK_SECRET in')
  })
})

describe('.env', () => {
  test('is for its owner alone, and keeps what it has', async () => {
    const folder = createFolder()
    writeFileSync(join(folder, '.env'), 'MINE=1\nBAINQUET_CONNECTOR_TOKEN=con_0.kept\n', { mode: 0o644 })
    const { dotEnv, stdout, textOf } = await initIn(
      ['shopify', '--site', 'example.com', ...connection, '--secret', 's3cret-of-the-shop'],
      folder,
    )
    expect(textOf('.env').startsWith('MINE=1\nBAINQUET_CONNECTOR_TOKEN=con_0.kept\n')).toBe(true)
    expect(dotEnv).toMatchObject({ BAINQUET_WEBSITE_ID: 'site_1', SHOPIFY_WEBHOOK_SECRET: 's3cret-of-the-shop' })
    expect(stdout).toContain('has kept its BAINQUET_CONNECTOR_TOKEN')
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).sort()).toEqual(['.env', 'relay.yaml'])
  })

  test('that is a link stays one', async () => {
    const folder = createFolder()
    writeFileSync(join(folder, 'real.env'), 'MINE=1\n')
    symlinkSync('real.env', join(folder, '.env'))
    await initIn(['ghost', '--site', 'example.com'], folder)
    expect(readFileSync(join(folder, 'real.env'), 'utf8')).toContain('GHOST_WEBHOOK_SECRET=')
  })

  test.each<[string, string | null, boolean, string]>([
    ['in a work tree', null, true, '.env\n'],
    ['in a .gitignore that is there', 'node_modules', false, 'node_modules\n.env\n'],
    ['once', '/.env\n', true, '/.env\n'],
    ['not where nothing is kept by git', null, false, ''],
  ])('is named to git: %s', async (_name, ignored, isWorkTree, expected) => {
    const folder = createFolder()
    if (isWorkTree) mkdirSync(join(folder, '.git'))
    if (ignored !== null) writeFileSync(join(folder, '.gitignore'), ignored)
    const { textOf } = await initIn(['ghost', '--site', 'example.com'], folder)
    expect(textOf('.gitignore')).toBe(expected)
  })

  test('is named by the .gitignore of a folder above', async () => {
    const root = createFolder()
    mkdirSync(join(root, '.git'))
    writeFileSync(join(root, '.gitignore'), '.env\n')
    const folder = join(root, 'relay')
    mkdirSync(folder)
    expect((await initIn(['ghost', '--site', 'example.com'], folder)).textOf('.gitignore')).toBe('')
  })
})

describe('init overwrites nothing', () => {
  test('unless it is told to; values in .env stay then, too', async () => {
    const folder = createFolder()
    writeFileSync(join(folder, 'relay.yaml'), 'mine: true\n')
    const refused = await initIn(['shopify', '--site', 'example.com'], folder)
    expect(refused).toMatchObject({ code: 1, stdout: '', text: 'mine: true\n' })
    expect(refused.stderr).toMatch(/is there already: --add .*--force/)
    expect(existsSync(join(folder, '.env'))).toBe(false)
    const { dotEnv } = await initIn(['strapi', '--site', 'example.com', '--force'], folder)
    const again = await initIn(['strapi', '--site', 'example.com', '--force'], folder)
    expect(again).toMatchObject({ code: 0, text: expect.stringContaining('mapper: strapi'), dotEnv })
  })

  test.each<[string, number, readonly string[], RegExp]>([
    ['no CMS is named and nobody can be asked', 2, ['--site', 'example.com'], /say which CMS: .*there is .*shopify/],
    ['no site is named and nobody can be asked', 2, ['shopify'], /--site HOST/],
    ['the CMS is unknown', 1, ['shopfy', '--site', 'example.com'], /no mapper 'shopfy': did you mean shopify\?/],
    ['the site is no host', 2, ['shopify', '--site', 'example.com/shop'], /--site 'example.com\/shop'/],
    ['the source can not be named so', 2, ['shopify', '--site', 'example.com', '--source', 'a b'], /--source 'a b'/],
    ['a var is unknown', 2, ['shopify', '--site', 'a.example', '--var', 'curency=EUR'], /did you mean currency\?/],
    [
      'a var is none',
      2,
      ['shopify', '--site', 'a.example', '--var', 'currency=Euro'],
      /--var currency: it must be a currency/,
    ],
    [
      'a map is none',
      2,
      ['webflow', '--site', 'a.example', '--var', 'collections=65a'],
      /must be a map: id=slug, id=slug/,
    ],
    ['a type is unknown', 2, ['strapi', '--site', 'a.example', '--model', 'a:article'], /must be one of page, post/],
    ['a path has no slug', 2, ['strapi', '--site', 'a.example', '--model', 'a:post:/blog'], /with \{slug\} in it/],
    ['the token is none', 2, ['ghost', '--site', 'a.example', '--token', 'abc'], /--token: is no connectorId.secret/],
    ['the secret is none', 2, ['contentful', '--site', 'a.example', '--secret', 'abc'], /--secret: .*64 characters/],
    [
      'the key is none',
      2,
      ['wix', '--site', 'a.example', '--public-key', import.meta.filename],
      /--public-key: must be a public key/,
    ],
    ['no .env can hold it', 2, ['ghost', '--site', 'a.example', '--secret', `a'b"c$d`], /put it into a file/],
    ['the address is none', 2, ['ghost', '--site', 'a.example', '--public-url', 'ftp://a'], /--public-url 'ftp:\/\/a'/],
    [
      'a secret would be refused',
      1,
      ['ghost', '--site', 'a.example', ...connection, '--secret', '$NAME'],
      /nothing is written/,
    ],
    ['there is nothing to add to', 1, ['ghost', '--site', 'a.example', '--add'], /nothing can be added to it/],
  ])('if %s', async (_name, code, args, words) => {
    const folder = createFolder()
    const ran = await initIn(args, folder)
    expect(ran).toMatchObject({ code, stdout: '', text: '' })
    expect(ran.stderr).toMatch(words)
    expect(readdirSync(folder)).toEqual([])
  })

  test('if the folder is not there', async () => {
    const ran = await initIn(['shopify', '--site', 'example.com'], join(createFolder(), 'nowhere'))
    expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('ENOENT') })
  })

  test('if one of the files can not be put in its place', async () => {
    const folder = createFolder()
    mkdirSync(join(folder, '.gitignore'))
    const ran = await initIn(['ghost', '--site', 'example.com'], folder)
    expect(ran).toMatchObject({ code: 1, stdout: '', text: '' })
    expect(readdirSync(folder).filter((name) => name !== '.gitignore')).toEqual([])
  })
})

test("a mapper of one's own is added as others are", async () => {
  const folder = createFolder()
  mkdirSync(join(folder, 'mappers'))
  const mapper = `{ name: own, title: Ours, verify: { scheme: header, header: x-a },
    records: [{ name: note, id: '"post:" & id', type: post, url: '"https://example.com/" & id' }] }`
  writeFileSync(join(folder, 'mappers', 'own.yaml'), mapper)
  await initIn(['ghost', '--site', 'example.com', ...connection], folder)
  const file = join(folder, 'relay.yaml')
  writeFileSync(file, `mappers_dir: ./mappers\n${readFileSync(file, 'utf8')}`)
  const { code, stdout } = await initIn(['own', '--add'], folder)
  expect(code).toBe(0)
  expect(stdout).toContain(
    '  1. In Ours: let the webhooks go to https://relay.example.com/webhooks/own, signed with the value of',
  )
  expect(stdout).not.toContain('docs/cms')
  expect(stdout).toContain('npx cms-relay reload')
  expect(await runHere(['check', '--config', file])).toMatchObject({ code: 0, stderr: '' })
})
