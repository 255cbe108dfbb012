import { join } from 'node:path'
import { parse } from 'yaml'
import { createApi } from './api.ts'
import type { CreateCms, Held } from './cms.ts'
import { type Program, runProgram, startProgram } from './program.ts'

const token = 'static-token-of-the-proof'
const admin = { email: 'admin@example.com', password: 'password-of-the-proof' }

const column = (field: string, type: string, over: object = {}) => ({ field, type, meta: {}, schema: {}, ...over })
const key = column('id', 'integer', { schema: { is_primary_key: true, has_auto_increment: true } })
const dates = [
  column('date_created', 'timestamp', { meta: { special: ['date-created'] } }),
  column('date_updated', 'timestamp', { meta: { special: ['date-updated'] } }),
]
const status = column('status', 'string', { schema: { default_value: 'draft' } })

/** Directus 11: articles with Flows that read the item, products with one that names only what has changed. */
export const createDirectus: CreateCms = ({ folder, port, webhookUrl, secret, page }) => {
  let program: Program | undefined
  const origin = `http://127.0.0.1:${port}`
  const api = createApi(origin, { authorization: `Bearer ${token}` })
  const [bodyOfWhatWasRead = '', bodyOfTheTrigger = ''] = page.code('')
  const [, exampleOfLanguages = ''] = page.code('yaml')
  const languages = parse(exampleOfLanguages)
  const env = {
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: origin,
    SECRET: 'secret-of-the-proof-with-32-characters',
    DB_CLIENT: 'sqlite3',
    DB_FILENAME: './data.db',
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    ADMIN_TOKEN: token,
    TELEMETRY: 'false',
    PRESSURE_LIMITER_ENABLED: 'false', // a machine that is busy is no reason to be refused
    IMPORT_IP_DENY_LIST: '169.254.169.254', // the relay is on the same machine, see the page
  }

  const article = (id: number, title: string, html: string): Held => ({
    type: 'post',
    id: `articles:${id}`,
    url: `https://example.com/blog/${id === 1 ? 'hello' : 'second'}`,
    title,
    html,
  })
  const pageIn = (locale: string, path: string, title: string): Held => ({
    type: 'page',
    id: `pages:1@${locale}`,
    url: `https://example.com${path}`,
    title,
  })
  const product = (title: string): Held => ({
    type: 'product',
    id: 'products:1',
    url: 'https://example.com/lamp',
    title,
  })

  /** A Flow of operations that follow each other. */
  async function createFlow(
    name: string,
    trigger: object,
    operations: readonly Record<string, unknown>[],
  ): Promise<void> {
    const options = { type: 'action', ...trigger }
    const flow = await api('POST', '/flows', {
      name,
      trigger: 'event',
      accountability: 'all',
      status: 'active',
      options,
    })
    let next: unknown = null
    for (const [index, operation] of [...operations].reverse().entries()) {
      const place = { position_x: 19 * (operations.length - index), position_y: 1, flow: flow.data.id, resolve: next }
      next = (await api('POST', '/operations', { name: operation['key'], ...place, ...operation })).data.id
    }
    await api('PATCH', `/flows/${flow.data.id}`, { operation: next })
  }

  /** Pages whose texts are translations, as the panel makes them. */
  async function createPages(): Promise<void> {
    const alias = { field: 'translations', type: 'alias', meta: { special: ['translations'] }, schema: null }
    const pages = [key, status, ...dates, alias]
    await api('POST', '/collections', { collection: 'pages', meta: {}, schema: {}, fields: pages })
    const languages = [column('code', 'string', { schema: { is_primary_key: true } })]
    await api('POST', '/collections', { collection: 'languages', meta: {}, schema: {}, fields: languages })
    const ofPage = [column('pages_id', 'integer'), column('languages_code', 'string')]
    const translations = [key, ...ofPage, column('title', 'string'), column('slug', 'string')]
    await api('POST', '/collections', { collection: 'pages_translations', meta: {}, schema: {}, fields: translations })
    const shared = { collection: 'pages_translations', schema: { on_delete: 'CASCADE' } }
    await api('POST', '/relations', {
      ...shared,
      field: 'pages_id',
      related_collection: 'pages',
      meta: { one_field: 'translations', junction_field: 'languages_code' },
    })
    await api('POST', '/relations', {
      ...shared,
      field: 'languages_code',
      related_collection: 'languages',
      meta: { junction_field: 'pages_id' },
    })
    await api('POST', '/items/languages', [{ code: 'en-US' }, { code: 'de-DE' }])
  }

  const readData = (options: object) => ({
    key: 'read',
    type: 'item-read',
    options: { permissions: '$full', emitEvents: false, ...options },
  })
  /** The three Flows of the page. */
  async function createFlows(collection: string, fields: readonly string[]): Promise<void> {
    const collections = [collection]
    const query = { filter: { id: { _in: '{{$trigger.keys}}' } }, fields }
    const read = (options: object) => readData({ collection, ...options })
    await createFlow(`${collection} created`, { scope: ['items.create'], collections }, [
      read({ key: ['{{$trigger.key}}'], query: { fields } }),
      send(bodyOfWhatWasRead),
    ])
    await createFlow(`${collection} updated`, { scope: ['items.update'], collections }, [
      read({ query }),
      send(bodyOfWhatWasRead),
    ])
    await createFlow(`${collection} deleted`, { scope: ['items.delete'], collections }, [send(bodyOfTheTrigger)])
  }

  const send = (body: string) => ({
    key: 'send',
    type: 'request',
    options: {
      method: 'POST',
      url: webhookUrl,
      headers: [
        { header: 'Authorization', value: `Bearer ${secret}` },
        { header: 'Content-Type', value: 'application/json' },
      ],
      body,
    },
  })
  const change = (fields: object) => api('PATCH', '/items/articles/1', fields)

  return {
    source: {
      ...languages,
      vars: { ...languages.vars, media_origin: origin },
      fetch: { token, allow_private: true },
    },
    async start() {
      await runProgram('directus', ['bootstrap'], { cwd: folder, log: join(folder, 'logs/bootstrap.log'), env })
      program = startProgram('directus', ['start'], { cwd: folder, log: join(folder, 'logs/directus.log'), env })
      await program.until(async () => (await fetch(`${origin}/server/ping`)).ok)
      const text = ['title', 'slug'].map((name) => column(name, 'string'))
      const fields = [
        key,
        status,
        ...dates,
        ...text,
        column('body', 'text'),
        column('image', 'uuid'),
        column('tags', 'json', { meta: { special: ['cast-json'] } }),
      ]
      await api('POST', '/collections', { collection: 'articles', meta: { versioning: true }, schema: {}, fields })
      const ofProducts = [key, status, ...dates, ...text, column('price', 'decimal'), column('material', 'string')]
      const image = {
        collection: 'articles',
        field: 'image',
        related_collection: 'directus_files',
        schema: {},
        meta: {},
      }
      await api('POST', '/relations', image)
      await createPages()
      await api('POST', '/collections', { collection: 'products', meta: {}, schema: {}, fields: ofProducts })
    },
    async connectWebhook() {
      await createFlows('articles', ['*', 'image.*'])
      await createFlows('pages', ['*', 'translations.*'])
      await createFlow(
        'products, without Read Data',
        { scope: ['items.create', 'items.update', 'items.delete'], collections: ['products'] },
        [send(bodyOfTheTrigger)],
      )
    },
    steps: [
      {
        name: 'create a draft',
        async act() {
          const file = new File(['text'], 'file.txt', { type: 'text/plain' })
          const { data } = await api.upload('/files', 'file', file, { title: 'A file' })
          const texts = { title: 'Hello', slug: 'hello', body: '<p>Good <b>morning</b></p>' }
          await api('POST', '/items/articles', { ...texts, image: data.id, tags: ['one', 'two'] })
        },
        webhooks: ['articles.items.create processed'],
        held: () => [],
      },
      {
        name: 'publish',
        act: () => change({ status: 'published' }),
        webhooks: ['articles.items.update processed'],
        held: () => [article(1, 'Hello', '<p>Good <b>morning</b></p>')],
      },
      {
        name: 'update',
        act: () => change({ title: 'Hello "again"', body: '<p>Good\nevening, {{name}}</p>' }),
        webhooks: ['articles.items.update processed'],
        held: () => [article(1, 'Hello "again"', '<p>Good\nevening, {{name}}</p>')],
      },
      {
        name: 'correct the title alone',
        act: () => change({ title: 'Hello' }),
        webhooks: ['articles.items.update processed'],
        held: () => [article(1, 'Hello', '<p>Good\nevening, {{name}}</p>')],
      },
      {
        name: 'unpublish',
        act: () => change({ status: 'draft' }),
        webhooks: ['articles.items.update processed'],
        held: () => [],
      },
      {
        name: 'publish again',
        act: () => change({ status: 'published', title: 'Hello', body: '<p>Good evening</p>' }),
        webhooks: ['articles.items.update processed'],
        held: () => [article(1, 'Hello', '<p>Good evening</p>')],
      },
      {
        name: 'promote a version',
        async act() {
          const version = await api('POST', '/versions', {
            key: 'next',
            name: 'Next',
            collection: 'articles',
            item: '1',
          })
          await api('POST', `/versions/${version.data.id}/save`, { title: 'Hello, promoted' })
          const { data } = await api('GET', `/versions/${version.data.id}/compare`)
          await api('POST', `/versions/${version.data.id}/promote`, { mainHash: data.mainHash })
        },
        webhooks: ['articles.items.update processed'],
        held: () => [article(1, 'Hello, promoted', '<p>Good evening</p>')],
      },
      {
        name: 'create a second one, published',
        act: () =>
          api('POST', '/items/articles', { status: 'published', title: 'Second', slug: 'second', body: '<p>2</p>' }),
        webhooks: ['articles.items.create processed'],
        held: () => [article(1, 'Hello, promoted', '<p>Good evening</p>'), article(2, 'Second', '<p>2</p>')],
      },
      {
        name: 'update both at once',
        act: () => api('PATCH', '/items/articles', { keys: [1, 2], data: { title: 'Both' } }),
        webhooks: ['articles.items.update processed'],
        held: () => [article(1, 'Both', '<p>Good evening</p>'), article(2, 'Both', '<p>2</p>')],
      },
      {
        name: 'archive the second',
        act: () => api('PATCH', '/items/articles', { keys: [2], data: { status: 'archived' } }),
        webhooks: ['articles.items.update processed'],
        held: () => [article(1, 'Both', '<p>Good evening</p>')],
      },
      {
        name: 'delete both',
        act: () => api('DELETE', '/items/articles', [1, 2]),
        webhooks: ['articles.items.delete processed'],
        held: () => [],
      },
      {
        name: 'create a page with a translation',
        act: () =>
          api('POST', '/items/pages', {
            status: 'published',
            translations: [
              { languages_code: 'en-US', title: 'About', slug: 'about' },
              { languages_code: 'de-DE', title: 'Über uns', slug: 'ueber-uns' },
            ],
          }),
        webhooks: ['pages.items.create processed'],
        held: () => [pageIn('en-US', '/about', 'About'), pageIn('de-DE', '/de/ueber-uns', 'Über uns')],
      },
      {
        name: 'correct a translation',
        act: () =>
          api('PATCH', '/items/pages/1', {
            translations: { update: [{ id: 1, title: 'About us' }], create: [], delete: [] },
          }),
        webhooks: ['pages.items.update processed'],
        held: () => [pageIn('en-US', '/about', 'About us'), pageIn('de-DE', '/de/ueber-uns', 'Über uns')],
      },
      {
        name: 'delete a translation',
        act: () => api('PATCH', '/items/pages/1', { translations: { update: [], create: [], delete: [2] } }),
        webhooks: ['pages.items.update processed'],
        held: () => [pageIn('en-US', '/about', 'About us')],
      },
      {
        name: 'delete the page',
        act: () => api('DELETE', '/items/pages/1'),
        webhooks: ['pages.items.delete processed'],
        held: () => [],
      },
      {
        name: 'create, in a Flow without Read Data',
        act: () => api('POST', '/items/products', { status: 'published', title: 'Lamp', slug: 'lamp', price: 19.5 }),
        webhooks: ['products.items.create processed'],
        held: () => [product('Lamp')],
      },
      {
        name: 'update',
        act: () => api('PATCH', '/items/products/1', { title: 'Lamp of wood', material: 'wood' }),
        webhooks: ['products.items.update processed'],
        held: () => [product('Lamp of wood')],
      },
      {
        name: 'unpublish',
        act: () => api('PATCH', '/items/products/1', { status: 'draft' }),
        webhooks: ['products.items.update processed'],
        held: () => [],
      },
      {
        name: 'publish again',
        act: () => api('PATCH', '/items/products/1', { status: 'published' }),
        webhooks: ['products.items.update processed'],
        held: () => [product('Lamp of wood')],
      },
      {
        name: 'delete',
        act: () => api('DELETE', '/items/products/1'),
        webhooks: ['products.items.delete processed'],
        held: () => [],
      },
    ],
    stop: async () => program?.stop(),
  }
}
