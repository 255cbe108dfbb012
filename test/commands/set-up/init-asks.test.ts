import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { init } from '../../../src/commands/set-up/init/init.ts'
import { loadMappers } from '../../../src/mapping/library/load.ts'
import { createFolder } from '../../folder.ts'
import { personWith } from './asked.ts'

const library = await loadMappers()

async function answered(lines: readonly string[], over: object = {}, folder = createFolder()) {
  const { terminal, shown } = personWith(lines)
  let said = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
  const output = join(folder, 'relay.yaml')
  const flags = { secret: [], var: [], model: [], add: false, force: false, yes: false, isTerminal: true, env: {} }
  await init({ ...flags, output, ...over }, { terminal, load: async () => library }).finally(() => write.mockRestore())
  const dotEnv = parseEnv(readFileSync(join(folder, '.env'), 'utf8'))
  return { folder, said, shown: shown(), config: parse(readFileSync(output, 'utf8')), dotEnv }
}

test('init asks for all that a shop needs, and nothing twice', async () => {
  const { config, dotEnv, shown, said } = await answered([
    'shopifi',
    'Shopify',
    'shop',
    'https://shop.example.com',
    'euro',
    'eur',
    'wrong',
    'con_1.a-secret-that-is-long',
    'site_9',
    'relay.example.com',
    '9000',
    'the-secret-of-the-shop',
  ])
  expect(shown).toContain('Did you mean shopify?')
  expect(shown).toContain('It must be a currency code')
  expect(shown).toContain('That is no connectorId.secret.')
  expect(config).toMatchObject({
    server: { port: 9000, public_url: 'https://relay.example.com', admin_token: '${RELAY_ADMIN_TOKEN}' },
    destinations: { main: { site_domain: 'shop.example.com' } },
    sources: { shop: { mapper: 'shopify', vars: { origin: 'https://shop.example.com', currency: 'eur' } } },
  })
  expect(dotEnv).toMatchObject({
    BAINQUET_CONNECTOR_TOKEN: 'con_1.a-secret-that-is-long',
    BAINQUET_WEBSITE_ID: 'site_9',
    SHOP_WEBHOOK_SECRET: 'the-secret-of-the-shop',
  })
  expect(said).not.toContain('Still to be filled in')
  expect(said).toContain('https://relay.example.com/webhooks/shop')
})

test('init asks for models, with what they most likely are', async () => {
  const { config } = await answered(
    [
      'site',
      'example.com',
      'en, de',
      '',
      'blogPost',
      '',
      '/blog/{slug}',
      'no field',
      'main-text',
      'blogPost',
      'product',
      'thing',
      '',
      '',
      '',
      '',
      'sandbox',
      '',
      '',
      '',
    ],
    { mapper: 'contentful' },
  )
  expect(config.sources.site).toMatchObject({
    vars: { locales: ['en', 'de'] },
    models: {
      blogPost: {
        type: 'post',
        url: '$vars.origin & "/blog/" & slug',
        html: '$type(`main-text`) = "string" ? $markdown(`main-text`) : $richtext(`main-text`, "contentful")',
      },
      product: { type: 'product' },
    },
  })
  expect(config.sources.site.models.product).not.toHaveProperty('html')
  expect(config.destinations.main.base_url).toBe('http://127.0.0.1:8081/v1/ingest')
})

test('init takes - as the end of the models while one of the collections is left, and no type that there is not', async () => {
  const answers = ['', 'example.com', '65a=blog, 65b=team', '-', '', 'Blog Posts!', '/blog', 'Post', '', '', '-']
  const { config, shown } = await answered([...answers, 'sandbox', '', '', '', '', '', '', ''], { mapper: 'webflow' })
  expect(shown).toContain('Name one: without a model, nothing is sent.')
  expect(shown.match(/It must be one of page, post, /g)).toHaveLength(2)
  expect(shown).toContain('Another slug of the collection (-: no more) [team]: ')
  expect(config.sources.webflow.models).toEqual({ blog: { type: 'post' } })
})

test('init says what is left in lines that a terminal of 80 columns has room for, each word whole', async () => {
  const columns = Object.getOwnPropertyDescriptor(process.stdout, 'columns')
  Object.defineProperty(process.stdout, 'columns', { value: 80, configurable: true })
  try {
    const { said } = await answered(['', 'example.com', '', '', '', '', '', ''], { mapper: 'shopify' })
    expect(said).toMatch(
      /CONNECTOR_TOKEN {2}connectorId.secret, as the dashboard of the ingest\n {28}API has shown it\n/,
    )
    expect(said).toMatch(/npx cms-relay check --config \S+\n {4}says what is missing or wrong\n/)
    expect(said).toMatch(/^Still to be filled in, in \/\S+\/\.env:$/m)
    const sentences = said.split('\n').filter((line) => !/https?:|--config|relay\.yaml|\.env/.test(line))
    expect(sentences.filter((line) => line.length > 80)).toEqual([])
  } finally {
    if (columns) Object.defineProperty(process.stdout, 'columns', columns)
    else Reflect.deleteProperty(process.stdout, 'columns')
  }
})

test('init begins each question with a capital, also one that a setting of the verification asks', async () => {
  const { shown } = await answered(['', 'example.com', '', 'sandbox', '', '', '', ''], { mapper: 'hubspot' })
  expect(shown).toContain('Public url that the webhooks are verified with (Enter: later, in .env): ')
})

test.each(['http://127.0.0.1:8055', 'http://localhost:8055', 'http://directus:8055', 'http://[fd12::1]:8055'])(
  'init lets the API of a CMS at %s be asked',
  async (mediaOrigin) => {
    const answers = ['', 'example.com', mediaOrigin, 'articles', '', '', 'body', '', 'sandbox', '', '', '']
    const { config } = await answered(answers, { mapper: 'directus' })
    expect(config.sources.directus.fetch).toEqual({ allow_private: true })
  },
)

test('init says nothing of private addresses for a CMS at a public one', async () => {
  const answers = ['', 'example.com', 'https://cms.example.com', 'articles', '', '', 'body', '', 'sandbox', '', '', '']
  const { config } = await answered(answers, { mapper: 'directus' })
  expect(config.sources.directus).not.toHaveProperty('fetch')
})

test('init tells a CMS on this machine where the relay is, and has the port from the address that it calls', async () => {
  const unknown = await answered(['', 'example.com', 'sandbox', '', '9000', ''], { mapper: 'ghost' })
  expect(unknown.said).toContain('A CMS on this machine calls http://127.0.0.1:9000/webhooks/ghost.')
  const local = await answered(['', 'example.com', 'sandbox', 'http://localhost:9001', '', ''], { mapper: 'ghost' })
  expect(local.config.server.port).toBe(9001)
  const proxied = await answered(['', 'example.com', 'sandbox', 'http://relay.example.com:9001', '', ''], {
    mapper: 'ghost',
  })
  expect(proxied.config.server.port).toBe(8080)
})

test('init says how the relay is started before it says what to click, for the test of a CMS needs an answer', async () => {
  const { said } = await answered(['', 'example.com', 'sandbox', '', '', ''], { mapper: 'ghost' })
  expect(said).toMatch(/npx cms-relay serve.*In Ghost.*npx cms-relay doctor/s)
})

test('init leaves later what is answered by Enter alone', async () => {
  const { dotEnv, said } = await answered(['', 'example.com', '', '', '', '', '', ''], { mapper: 'shopify' })
  expect(dotEnv).toMatchObject({ BAINQUET_CONNECTOR_TOKEN: '', BAINQUET_WEBSITE_ID: '', SHOPIFY_WEBHOOK_SECRET: '' })
  expect(said).toMatch(/Still to be filled in.*SHOPIFY_WEBHOOK_SECRET/s)
})

test('init does not ask for what .env has', async () => {
  const folder = createFolder()
  writeFileSync(join(folder, '.env'), 'BAINQUET_CONNECTOR_TOKEN=a.b\nBAINQUET_WEBSITE_ID=w\nGHOST_WEBHOOK_SECRET=s\n')
  const { shown } = await answered(['', 'example.com', '', ''], { mapper: 'ghost' }, folder)
  expect(shown).not.toMatch(/token|Website id|Secret/)
})

test('init asks to add a source to a configuration that is there', async () => {
  const folder = createFolder()
  await answered(['', 'example.com', '', '', '', '', ''], { mapper: 'ghost' }, folder)
  const { config, shown, said } = await answered(['y', '', 'a-secret-that-is-long'], { mapper: 'ghost' }, folder)
  expect(Object.keys(config.sources)).toEqual(['ghost', 'ghost-2'])
  expect(config.sources['ghost-2']).toMatchObject({ destination: 'main' })
  expect(shown).not.toContain('Host of the public site')
  expect(said).toContain("has a source more, 'ghost-2'")
  await expect(answered(['n'], { mapper: 'ghost' }, folder)).rejects.toThrow('--add')
})

test('init that is left early has written nothing', async () => {
  const folder = createFolder()
  await expect(answered(['1', 'shop', 'example.com', 'EUR'], {}, folder)).rejects.toThrow('nothing is written')
  expect(readdirSync(folder)).toEqual([])
})

test('init tries all of it if that is wanted, once nothing is left to be filled in', async () => {
  const over = { mapper: 'ghost', token: 'sandbox', baseUrl: 'http://127.0.0.1:9/v1/ingest' }
  const questions = ['', 'example.com', '', '', '']
  await expect(answered([...questions, 'y'], over)).rejects.toThrow(/checks ha(s|ve) failed/)
  expect((await answered([...questions, 'n'], over)).said).toContain('npx cms-relay doctor')
  expect((await answered(questions, over)).said).not.toContain('nothing is written')
  const { shown } = await answered(['', 'example.com', '', '', '', '', '', ''], { mapper: 'shopify' })
  expect(shown).not.toContain('Try all of it')
})
