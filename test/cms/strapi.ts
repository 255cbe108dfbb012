import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createApi } from './api.ts'
import type { CreateCms, Held } from './cms.ts'
import { pixel } from './pixel.ts'
import { type Program, startProgram } from './program.ts'

const site = join(import.meta.dirname, 'sites/strapi')
const articles = '/content-manager/collection-types/api::article.article'
const products = '/content-manager/collection-types/api::product.product'
const authors = '/content-manager/collection-types/api::author.author'

/** Strapi 5: articles with draft & publish in two locales, products without either. */
export const createStrapi: CreateCms = ({ folder, port, webhookUrl, secret }) => {
  let program: Program | undefined
  const origin = `http://127.0.0.1:${port}`
  let api = createApi(origin)
  let article = ''
  let product = ''

  const articleIn = (locale: string, title: string, slug: string, html: string): Held => ({
    type: 'post',
    id: `article:${article}@${locale}`,
    url: `https://example.com/blog/${slug}`,
    title,
    html,
  })
  const english = (title: string, html: string) => articleIn('en', title, 'hello', html)
  const german = () => articleIn('de', 'Hallo', 'hallo', '<p>Guten <strong>Tag</strong></p>')
  const held = (price: string): Held => ({
    type: 'product',
    id: `product:${product}`,
    url: 'https://example.com/lamp',
    title: 'Lamp',
    html: `<p>${price}</p>`,
  })

  const save = (locale: string, fields: object) => api('PUT', `${articles}/${article}?locale=${locale}`, fields)
  const publish = (locale: string, fields: object) =>
    api('POST', `${articles}/${article}/actions/publish?locale=${locale}`, fields)
  const unpublish = (locale: string) => api('POST', `${articles}/${article}/actions/unpublish?locale=${locale}`, {})

  /** A picture in the media library. Answers its id. */
  async function upload(): Promise<number> {
    const file = new File([pixel], 'pixel.png', { type: 'image/png' })
    const info = { name: 'pixel.png', alternativeText: 'A pixel', caption: null }
    const [{ id }] = await api.upload('/upload', 'files', file, { fileInfo: JSON.stringify(info) })
    return id
  }

  const inList = (action: string, locale: string) =>
    api('POST', `${articles}/actions/bulk${action}?locale=${locale}`, { documentIds: [article] })

  return {
    async prepare() {
      cpSync(site, folder, { recursive: true })
      mkdirSync(join(folder, 'public/uploads'), { recursive: true })
    },
    async start() {
      program = startProgram('strapi', ['start'], {
        cwd: folder,
        log: join(folder, 'logs/strapi.log'),
        env: { PORT: String(port), NODE_ENV: 'development', STRAPI_TELEMETRY_DISABLED: 'true' },
      })
      await program.until(async () => (await fetch(`${origin}/_health`)).ok)
      const admin = { firstname: 'A', lastname: 'B', email: 'admin@example.com', password: 'Password-1' }
      const { data } = await api('POST', '/admin/register-admin', admin)
      api = api.with({ authorization: `Bearer ${data.token}` })
      await api('POST', '/i18n/locales', { name: 'German (de)', code: 'de', isDefault: false })
    },
    async connectWebhook() {
      const events = ['create', 'update', 'delete', 'publish', 'unpublish'].map((event) => `entry.${event}`)
      const headers = { Authorization: `Bearer ${secret}` }
      const { data } = await api('POST', '/admin/webhooks', { name: 'relay', url: webhookUrl, headers, events })
      const { data: triggered } = await api('POST', `/admin/webhooks/${data.id}/trigger`, {})
      if (triggered.statusCode !== 200) throw new Error(`Trigger was answered ${JSON.stringify(triggered)}`)
    },
    steps: [
      {
        name: 'create a draft',
        async act() {
          const author = await api('POST', authors, { name: 'Nobody', email: 'nobody@example.com' })
          const leaf = (text: string, bold = false) => ({ type: 'text', text, ...(bold && { bold }) })
          const { data } = await api('POST', `${articles}?locale=en`, {
            title: 'Hello',
            slug: 'hello',
            body: 'Good **morning**',
            summary: [{ type: 'paragraph', children: [leaf('In '), leaf('short', true)] }],
            cover: await upload(),
            seo: { metaTitle: 'Hello there', metaDescription: 'A greeting' },
            sections: [{ __component: 'shared.quote', text: 'Quoted' }],
            author: { connect: [{ documentId: author.data.documentId }] },
          })
          article = data.documentId
        },
        webhooks: ['entry.create skipped', 'entry.create skipped'],
        held: () => [],
      },
      {
        name: 'publish',
        act: () => publish('en', { title: 'Hello', slug: 'hello', body: 'Good **morning**' }),
        webhooks: ['entry.update skipped', 'entry.publish processed'],
        held: () => [english('Hello', '<p>Good <strong>morning</strong></p>')],
      },
      {
        name: 'save a draft of a change',
        act: () => save('en', { title: 'Hello again', body: 'Good evening' }),
        webhooks: ['entry.update skipped'],
        held: () => [english('Hello', '<p>Good <strong>morning</strong></p>')],
      },
      {
        name: 'publish the change',
        act: () => publish('en', { title: 'Hello again', body: 'Good evening' }),
        webhooks: ['entry.update skipped', 'entry.publish processed'],
        held: () => [english('Hello again', '<p>Good evening</p>')],
      },
      {
        name: 'correct the title alone, and publish',
        act: () => publish('en', { title: 'Hello, again' }),
        webhooks: ['entry.update skipped', 'entry.publish processed'],
        held: () => [english('Hello, again', '<p>Good evening</p>')],
      },
      {
        name: 'publish a translation',
        act: () => publish('de', { title: 'Hallo', slug: 'hallo', body: 'Guten **Tag**' }),
        webhooks: ['entry.create skipped', 'entry.publish processed'],
        held: () => [english('Hello, again', '<p>Good evening</p>'), german()],
      },
      {
        name: 'unpublish the original',
        act: () => unpublish('en'),
        webhooks: ['entry.unpublish processed'],
        held: () => [german()],
      },
      {
        name: 'publish it again, unchanged',
        act: () => publish('en', {}),
        webhooks: ['entry.update skipped', 'entry.publish processed'],
        held: () => [english('Hello, again', '<p>Good evening</p>'), german()],
      },
      {
        name: 'save a draft and discard it',
        async act() {
          await save('en', { title: 'Never mind' })
          await api('POST', `${articles}/${article}/actions/discard?locale=en`, {})
        },
        webhooks: ['entry.update skipped'],
        held: () => [english('Hello, again', '<p>Good evening</p>'), german()],
      },
      {
        name: 'unpublish from the list',
        act: () => inList('Unpublish', 'en'),
        webhooks: ['entry.unpublish processed'],
        held: () => [german()],
      },
      {
        name: 'publish from the list',
        act: () => inList('Publish', 'en'),
        webhooks: ['entry.publish processed'],
        held: () => [english('Hello, again', '<p>Good evening</p>'), german()],
      },
      {
        name: 'delete the translation',
        act: () => api('DELETE', `${articles}/${article}?locale=de`),
        webhooks: ['entry.delete processed', 'entry.delete processed'],
        held: () => [english('Hello, again', '<p>Good evening</p>')],
      },
      {
        name: 'delete from the list',
        act: () => inList('Delete', 'en'),
        webhooks: ['entry.delete processed', 'entry.delete processed'],
        held: () => [],
      },
      {
        name: 'create, without draft & publish',
        async act() {
          const { data } = await api('POST', products, {
            name: 'Lamp',
            slug: 'lamp',
            description: 'Bright',
            price: 19.5,
          })
          product = data.documentId
        },
        webhooks: ['entry.create processed'],
        held: () => [held('Bright')],
      },
      {
        name: 'update it',
        act: () => api('PUT', `${products}/${product}`, { description: 'Brighter' }),
        webhooks: ['entry.update processed'],
        held: () => [held('Brighter')],
      },
      {
        name: 'delete it',
        act: () => api('DELETE', `${products}/${product}`),
        webhooks: ['entry.delete processed'],
        held: () => [],
      },
    ],
    stop: async () => program?.stop(),
  }
}
