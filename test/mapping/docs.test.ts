import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { presentWebhookPreview } from '../../src/api/previews.ts'
import { modelsSchema } from '../../src/mapping/definition/models.ts'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { deliveryOf, previewWebhook } from '../../src/stages/operate/preview-webhook.ts'
import { verifySchema } from '../../src/verify/verifier.ts'
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

/** A block of the page as a whole mapper: what it leaves out is made up, for it is not what the block shows. */
function mapperOfBlock(block: string): string | null {
  if (/^(mappers_dir|sources):|^# relay.yaml/m.test(block)) return null
  if (/^records:/m.test(block)) return block
  const head =
    'name: block\ntitle: Block\nvars: { origin: {}, locales: {} }\nfetch: { base_url: \'"https://api.example.com"\' }'
  const needed = { type: 'post', id: '\'"x"\'', url: '\'"https://example.com/"\'', text: '\'"x"\'' }
  const filled = Object.entries(needed).filter(([key]) => !new RegExp(`^ {4}${key}:`, 'm').test(block))
  const rest = filled.map(([key, value]) => `    ${key}: ${value}`).join('\n')
  if (!/^\w/m.test(block) && /^ {2}- name:/m.test(block)) return `${head}\nrecords:\n${block}`
  if (/^ {4}\w/m.test(block) && !/^\w/m.test(block)) return `${head}\nrecords:\n  - name: block\n${block}${rest}\n`
  return `${head.replace(/\nfetch:.*/, block.startsWith('fetch:') ? '' : '$&')}\n${block}records:\n  - name: block\n${rest}\n`
}

test.each(yamls.map((block, index) => [index, block] as const))(
  'YAML block %i of the page parses and compiles',
  async (_index, block) => {
    expect(parse(block)).toBeTruthy()
    const text = mapperOfBlock(block)
    if (text === null) return
    const library = await load({ 'block.yaml': text })
    const { name } = parse(text) as { name: string }
    const vars = { origin: 'https://example.com', ...(name === 'thin' && { space: 'acme' }) }
    expect(bindMapper(library.get(name)!, { source: 's', vars }).name).toBe(name)
  },
)

test.each(yamls.flatMap((block) => [...block.matchAll(/^verify:\n(?: {2}.*\n)+/gm)]).map(([block]) => [block]))(
  'the scheme of a block is valid: %s',
  (block) => {
    expect(verifySchema.safeParse((parse(block) as { verify: unknown }).verify).error).toBeUndefined()
  },
)

test('the list in several languages comes to an item for each, and takes away what is not there any more', async () => {
  const block = blockWith(yamls, 'article in a language')
  const library = await load({
    'block.yaml': mapperOfBlock(`${block}`)!.replace('vars:', 'event: { topic: action }\nvars:'),
  })
  const mapper = bindMapper(library.get('block')!, {
    source: 's',
    vars: { origin: 'https://example.com', locales: ['en', 'de'] },
  })
  const articles = [
    { number: 1, changed: '2026-01-02T03:04:05Z', slug: 'one', headline: { en: 'One', de: 'Eins' }, body: 'x' },
    { number: 2, changed: '2026-01-02T03:04:05Z', slug: 'two', headline: { en: 'Two' }, body: 'x' },
  ]
  const { changes, problems } = await outcomeOf(mapper, webhook({ action: 'articles:published', articles }), rules)
  expect(problems).toEqual([])
  expect(changes).toMatchObject([
    { item: { id: 'post:1@en', url: 'https://example.com/en/one', title: 'One', language: 'en' } },
    { item: { id: 'post:1@de', url: 'https://example.com/de/one', title: 'Eins', language: 'de' } },
    { item: { id: 'post:2@en', title: 'Two' } },
    { kind: 'delete', id: 'post:2@de' },
  ])
  const gone = await outcomeOf(mapper, webhook({ action: 'articles:gone', articles: [{ number: 1 }] }), rules)
  expect(gone.problems).toEqual([])
  expect(gone.changes).toMatchObject([
    { kind: 'delete', id: 'post:1@en' },
    { kind: 'delete', id: 'post:1@de' },
  ])
})

test('the removals on a condition come to removals', async () => {
  const article = blockWith(yamls, 'members_only')
  const asset = blockWith(yamls, 'asset:removed')
  const text = mapperOfBlock(`${article}${asset}`)!.replace('vars:', 'event: { topic: action }\nvars:')
  const library = await load({
    'block.yaml': text,
  })
  const mapper = bindMapper(library.get('block')!, { source: 's', vars: { origin: 'https://example.com' } })
  const of = async (body: object) => {
    const { changes, facts, problems } = await outcomeOf(mapper, webhook(body), rules)
    expect(problems).toEqual([])
    return { ...(changes[0] as object), certain: facts[0]?.certain }
  }
  const saved = { number: 1, changed: '2026-01-02T03:04:05Z', path: '/a', headline: 'A', body_md: 'A', state: 'online' }
  expect(await of({ action: 'article:saved', article: saved })).toMatchObject({ kind: 'upsert' })
  for (const over of [{ state: 'draft' }, { members_only: true }, { expires: '2026-01-01T00:00:00Z' }]) {
    const change = await of({ action: 'article:saved', article: { ...saved, ...over } })
    expect(change).toEqual({ kind: 'delete', type: 'post', id: 'post:1', certain: false })
  }
  const file = { id: 'f', public: true, file: '/f.pdf', name: 'F', bytes: 3 }
  expect(await of({ action: 'asset:saved', asset: file })).toMatchObject({ kind: 'upsert' })
  expect(await of({ action: 'asset:removed', asset: file })).toMatchObject({ kind: 'delete', certain: true })
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
