import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { presentWebhookPreview } from '../../src/api/previews.ts'
import { modelsSchema } from '../../src/mapping/definition/models.ts'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { deliveryOf, previewWebhook } from '../../src/stages/operate/preview-webhook.ts'
import { load, outcomeOf, webhook } from './support.ts'

const docs = join(import.meta.dirname, '../../docs')
const tutorial = readFileSync(join(docs, 'writing-a-mapper.md'), 'utf8')

/** The blocks of a language in a document. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, block = '']) => block)
}

const [fixture, printed] = blocks(tutorial, 'json').map((block) => JSON.parse(block))
const yamls = blocks(tutorial, 'yaml')
const blockWith = (all: string[], text: string) => all.find((block) => block.includes(text))!
const rules = { siteDomain: 'example.com', defaultLanguage: 'en' }

test('the mapper of the tutorial comes to what the tutorial prints', async () => {
  const library = await load({ 'papyrus.yaml': blockWith(yamls, 'name: papyrus') })
  const mapper = bindMapper(library.get('papyrus')!, { source: 'papyrus', vars: { origin: 'https://example.com' } })
  const headers = { 'x-papyrus-delivery': fixture.headers['X-Papyrus-Delivery'] }
  const delivery = deliveryOf({ headers, body: fixture.body }, 'papyrus')
  const preview = await previewWebhook(mapper, delivery, rules, 1_000_000)
  const { problems, ...shown } = presentWebhookPreview(preview)
  expect(problems).toEqual([])
  printed.changes[0].item.checksum = expect.stringMatching(/^sha256:/)
  printed.event.mapper_version = mapper.version
  expect({ ...shown, error: null }).toEqual(printed)
  const gone = await outcomeOf(mapper, webhook({ action: 'article:gone', article: { number: 412 } }), rules)
  expect(gone).toMatchObject({
    changes: [{ kind: 'delete', type: 'post', id: 'post:412' }],
    facts: [{ certain: true }],
  })
})

test('the module of the tutorial does the same', async () => {
  const library = await load({ 'papyrus.ts': blocks(tutorial, 'ts')[0]! })
  const mapper = bindMapper(library.get('papyrus-ts')!, { source: 'papyrus', vars: { origin: 'https://example.com' } })
  const { changes, problems } = await outcomeOf(mapper, webhook(fixture.body), rules)
  expect(problems).toEqual([])
  expect(changes).toMatchObject([{ item: { id: 'post:412', url: 'https://example.com/blog/hello', title: 'Hello' } }])
})

test('the mapper that extends another loads', async () => {
  const library = await load({ 'my-shop.yaml': blockWith(yamls, 'extends: shopify') })
  expect(library.get('my-shop')).toMatchObject({ vars: { currency: { default: 'EUR' } } })
  const mapper = bindMapper(library.get('my-shop')!, { source: 's', vars: { origin: 'https://example.com' } })
  expect(mapper.name).toBe('my-shop')
})

test('the mapper that fetches comes to one article, with the answer of its fixture', async () => {
  const library = await load({ 'thin.yaml': blockWith(yamls, 'name: thin') })
  const vars = { space: 'acme', origin: 'https://example.com' }
  const mapper = bindMapper(library.get('thin')!, { source: 'thin', vars })
  const { fetched, body } = blocks(tutorial, 'json')
    .map((block) => JSON.parse(block))
    .find((block) => block.fetched)
  expect(mapper.fetch?.baseUrl).toBe('https://acme.api.thin-cms.example/v2')
  const { changes, problems } = await outcomeOf(mapper, webhook(body), rules, fetched)
  expect(problems).toEqual([])
  expect(changes).toMatchObject([{ item: { id: 'article:7', url: 'https://example.com/seven', text: 'Seven.' } }])
})

test.each(['generic', 'ghost', 'kontent-ai', 'prismic', 'shopify', 'storyblok', 'strapi', 'woocommerce'])(
  'the source on the page of %s binds',
  async (cms) => {
    const text = readFileSync(join(docs, `cms/${cms}.md`), 'utf8')
    const { sources } = parse(blockWith(blocks(text, 'yaml'), 'sources:')) as { sources: Record<string, Source> }
    const [source] = Object.values(sources)
    const library = await load({})
    const models = modelsSchema.parse(source?.models ?? {})
    const mapper = bindMapper(library.get(source?.mapper ?? '')!, { source: cms, vars: source?.vars ?? {}, models })
    expect(mapper.name).toBe(cms)
  },
)

interface Source {
  readonly mapper: string
  readonly vars?: Record<string, unknown>
  readonly models?: unknown
}
