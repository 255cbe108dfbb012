import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createApi } from './api.ts'
import type { CreateCms, Held, Outage } from './cms.ts'
import { pixel } from './pixel.ts'
import { type Program, startProgram } from './program.ts'

const site = join(import.meta.dirname, 'sites/payload')
const hook = join(import.meta.dirname, '../../integrations/payload/relay.ts')

/** What Payload's editor saves for one paragraph. */
function lexical(text: string): object {
  const shared = { format: '', indent: 0, version: 1, direction: 'ltr' }
  const leaf = { type: 'text', text, format: 1, detail: 0, mode: 'normal', style: '', version: 1 }
  const paragraph = { type: 'paragraph', ...shared, textFormat: 1, textStyle: '', children: [leaf] }
  return { root: { type: 'root', ...shared, children: [paragraph] } }
}

/** Payload 3 with SQLite: posts with drafts, trash and two locales, products without; the hooks are those of integrations/payload. */
export const createPayload: CreateCms = ({ folder, port, webhookUrl, secret }) => {
  let program: Program | undefined
  const origin = `http://127.0.0.1:${port}`
  const api = createApi(origin)
  const call = (method: string, options: object) => api('POST', `/${method}`, options)
  const update = (data: object, options: object = {}) =>
    call('update', { collection: 'posts', id: 1, data, ...options })

  const post = (locale: string, title: string, text: string): Held => ({
    type: 'post',
    id: `posts:1@${locale}`,
    url: `https://example.com/${locale === 'de' ? 'de/' : ''}blog/hello`,
    title,
    html: `<p><strong>${text}</strong></p>`,
  })
  /** Without a translation of its own the German document is the English one. */
  const both = (title: string, text: string) => [post('en', title, text), post('de', title, text)]
  const translated = [post('en', 'Hello, again', 'Good evening'), post('de', 'Hallo', 'Guten Abend')]
  const product = (material: string): Held => ({
    type: 'product',
    id: 'products:1@en',
    url: 'https://example.com/lamp',
    title: 'Lamp',
    html: `<p><strong>${material}</strong></p>`,
  })
  const products = (material: string) => [product(material), { ...product(material), id: 'products:1@de' }]

  const many = new Map<number, { readonly id: number; readonly text: string }>()
  const manyHeld = () => [
    ...products('Tin'),
    ...[...many].flatMap(([index, { id, text }]) =>
      ['en', 'de'].map((locale) => ({
        type: 'product',
        id: `products:${id}@${locale}`,
        url: `https://example.com/lamp-${index}`,
        title: `Lamp ${index}`,
        html: `<p><strong>${text}</strong></p>`,
      })),
    ),
  ]

  async function bulk(relay: Outage, from: number, act: (index: number) => Promise<void>): Promise<void> {
    for (let index = 0; index < 60; index++) {
      if (index === from) await relay.kill()
      await act(index)
    }
    await relay.restart()
  }

  async function refused(change: Promise<unknown>): Promise<void> {
    const isDone = await change.then(
      () => true,
      () => false,
    )
    if (isDone) throw new Error('the hook that refuses was not asked')
  }

  return {
    async prepare() {
      cpSync(site, folder, { recursive: true })
      mkdirSync(join(folder, 'src'))
      cpSync(hook, join(folder, 'src/relay.ts'))
    },
    async start() {
      const env = { PORT: String(port), RELAY_URL: webhookUrl, RELAY_SECRET: secret, NODE_ENV: 'development' }
      program = startProgram('payload', ['run', './serve.js'], {
        cwd: folder,
        log: join(folder, 'logs/payload.log'),
        env,
      })
      await program.until(async () => (await fetch(origin)).ok)
    },
    async hasSentAll() {
      const { totalDocs } = await call('count', { collection: 'payload-jobs' })
      return totalDocs === 0
    },
    steps: [
      {
        name: 'create a draft',
        async act() {
          const filePath = join(folder, 'pixel.png')
          writeFileSync(filePath, pixel)
          const cover = await call('create', { collection: 'media', data: { alt: 'A pixel' }, filePath })
          const account = { name: 'Nobody', email: 'nobody@example.com', password: 'two-lamps' }
          const author = await call('create', { collection: 'users', data: account })
          const data = {
            title: 'Hello',
            slug: 'hello',
            content: lexical('Good morning'),
            cover: cover.id,
            author: author.id,
            tags: ['one', 'two'],
            layout: [{ blockType: 'quote', text: 'Quoted' }],
            meta: { title: 'Hello there', description: 'A greeting' },
            _status: 'draft',
          }
          await call('create', { collection: 'posts', draft: true, data })
        },
        webhooks: ['posts.create processed'],
        held: () => [],
      },
      {
        name: 'publish',
        act: () => update({ _status: 'published' }),
        webhooks: ['posts.update processed'],
        held: () => both('Hello', 'Good morning'),
      },
      {
        name: 'save a draft of a change',
        act: () => update({ title: 'Not yet', _status: 'draft' }, { draft: true }),
        webhooks: ['posts.update processed'],
        held: () => both('Hello', 'Good morning'),
      },
      {
        name: 'save it by itself (autosave)',
        act: () => update({ title: 'Not yet either', _status: 'draft' }, { draft: true, autosave: true }),
        webhooks: ['posts.update processed'],
        held: () => both('Hello', 'Good morning'),
      },
      {
        name: 'publish a change that a hook after ours refuses: it is rolled back',
        async act() {
          await refused(update({ title: 'Refused', _status: 'published' }))
        },
        webhooks: [],
        held: () => both('Hello', 'Good morning'),
      },
      {
        name: 'publish the change',
        act: () => update({ title: 'Hello again', content: lexical('Good evening'), _status: 'published' }),
        webhooks: ['posts.update processed'],
        held: () => both('Hello again', 'Good evening'),
      },
      {
        name: 'publish a translation',
        act: () =>
          update(
            { title: 'Hallo', slug: 'hello', content: lexical('Guten Abend'), _status: 'published' },
            { locale: 'de' },
          ),
        webhooks: ['posts.update processed'],
        held: () => [post('en', 'Hello again', 'Good evening'), post('de', 'Hallo', 'Guten Abend')],
      },
      {
        name: 'correct the title of the original alone',
        act: () => update({ title: 'Hello, again', _status: 'published' }, { locale: 'en' }),
        webhooks: ['posts.update processed'],
        held: () => translated,
      },
      {
        name: 'update many at once',
        act: () =>
          call('update', {
            collection: 'posts',
            where: { slug: { equals: 'hello' } },
            data: { tags: ['three'], _status: 'published' },
          }),
        webhooks: ['posts.update processed'],
        held: () => translated,
      },
      {
        name: 'restore an older version, and publish it',
        async act() {
          const { docs } = await call('findVersions', {
            collection: 'posts',
            where: { 'version.title': { equals: 'Hello' } },
          })
          const older = docs.find(({ version }: { version: { _status: string } }) => version._status === 'published')
          await call('restoreVersion', { collection: 'posts', id: older.id })
        },
        webhooks: ['posts.update processed'],
        held: () => both('Hello', 'Good morning'),
      },
      {
        name: 'go back',
        async act() {
          const version = { 'version.title': { equals: 'Hello, again' } }
          const { docs } = await call('findVersions', { collection: 'posts', where: version, sort: '-createdAt' })
          await call('restoreVersion', { collection: 'posts', id: docs[0].id })
        },
        webhooks: ['posts.update processed'],
        held: () => translated,
      },
      {
        name: 'unpublish',
        act: () => update({ _status: 'draft' }),
        webhooks: ['posts.update processed'],
        held: () => [],
      },
      {
        name: 'publish again, unchanged',
        act: () => update({ _status: 'published' }),
        webhooks: ['posts.update processed'],
        held: () => translated,
      },
      {
        name: 'move to the trash',
        act: () => update({ deletedAt: new Date().toISOString() }),
        webhooks: ['posts.update processed'],
        held: () => [],
      },
      {
        name: 'restore',
        act: () => update({ deletedAt: null }, { trash: true }),
        webhooks: ['posts.update processed'],
        held: () => translated,
      },
      {
        name: 'delete',
        act: () => call('delete', { collection: 'posts', id: 1 }),
        webhooks: ['posts.delete processed'],
        held: () => [],
      },
      {
        name: 'create, in a collection without drafts',
        act: () =>
          call('create', {
            collection: 'products',
            data: {
              name: 'Lamp',
              slug: 'lamp',
              sku: 'L-1',
              price: 19.5,
              material: 'wood',
              description: lexical('Wood'),
            },
          }),
        webhooks: ['products.create processed'],
        held: () => products('Wood'),
      },
      {
        name: 'update',
        act: () => call('update', { collection: 'products', id: 1, data: { description: lexical('Brass') } }),
        webhooks: ['products.update processed'],
        held: () => products('Brass'),
      },
      {
        name: 'delete one whose deletion is refused: it is rolled back',
        async act() {
          await call('updateGlobal', { slug: 'gate', data: { isClosed: true } })
          await refused(call('delete', { collection: 'products', id: 1 }))
          await call('updateGlobal', { slug: 'gate', data: { isClosed: false } })
        },
        webhooks: [],
        held: () => products('Brass'),
      },
      {
        name: 'the relay is busy: 429 with Retry-After',
        async act(relay) {
          relay.refuse(1, 429, { 'retry-after': '3' })
          await call('update', { collection: 'products', id: 1, data: { description: lexical('Tin') } })
        },
        webhooks: ['no event refused', 'products.update processed'],
        held: () => products('Tin'),
      },
      {
        name: 'create 60; the relay is killed after 20',
        act: (relay) =>
          bulk(relay, 20, async (index) => {
            const data = { name: `Lamp ${index}`, slug: `lamp-${index}`, description: lexical('One') }
            const { id } = await call('create', { collection: 'products', data })
            many.set(index, { id, text: 'One' })
          }),
        webhooks: ['products.create processed'],
        held: manyHeld,
      },
      {
        name: 'edit all 60, and delete every sixth; the relay is killed after 25',
        act: (relay) =>
          bulk(relay, 25, async (index) => {
            const { id } = many.get(index)!
            if (index % 6 === 0) {
              await call('delete', { collection: 'products', id })
              many.delete(index)
              return
            }
            const text = `Text ${index}`
            await call('update', { collection: 'products', id, data: { description: lexical(text) } })
            many.set(index, { id, text })
          }),
        webhooks: ['products.delete processed', 'products.update processed'],
        held: manyHeld,
      },
      {
        name: 'queue all once more',
        act: () => call('relaySync', { collection: 'products' }),
        webhooks: ['products.update processed'],
        held: manyHeld,
      },
      {
        name: 'delete them all',
        async act() {
          await call('delete', { collection: 'products', where: { id: { exists: true } } })
        },
        webhooks: ['products.delete processed'],
        held: () => [],
      },
    ],
    stop: async () => program?.stop(),
  }
}
