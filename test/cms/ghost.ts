import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { createApi } from './api.ts'
import type { CreateCms, Held } from './cms.ts'
import { type Program, startProgram } from './program.ts'

const url = 'https://example.com'
/** Ghost takes itself to be at `url`, behind a proxy. */
const proxied = { host: 'example.com', origin: url, 'x-forwarded-proto': 'https' }
const owner = { name: 'Owner', email: 'owner@example.com', password: 'two-lamps-of-brass-19' }
const happenings = ['published', 'published.edited', 'unpublished', 'deleted']

/** Ghost with SQLite, in development mode. */
export const createGhost: CreateCms = ({ folder, port, webhookUrl, secret }) => {
  let program: Program | undefined
  const origin = `http://127.0.0.1:${port}`
  let api = createApi(`${origin}/ghost/api/admin`, proxied)
  const ids = new Map<string, string>()

  async function create(kind: 'post' | 'page', fields: { title: string; html: string } & Record<string, unknown>) {
    const answer = await api('POST', `/${kind}s/?source=html`, { [`${kind}s`]: [fields] })
    ids.set(kind, answer[`${kind}s`][0].id)
  }

  /** Ghost wants to be told which version is changed. */
  async function change(kind: 'post' | 'page', fields: object) {
    const path = `/${kind}s/${ids.get(kind)}/`
    const { updated_at } = (await api('GET', path))[`${kind}s`][0]
    await api('PUT', `${path}?source=html`, { [`${kind}s`]: [{ ...fields, updated_at }] })
  }

  const remove = (kind: 'post' | 'page') => api('DELETE', `/${kind}s/${ids.get(kind)}/`)
  const held = (kind: 'post' | 'page', title: string, slug: string, html: string): Held => ({
    type: kind,
    id: `${kind}:${ids.get(kind)}`,
    url: `${url}/${slug}/`,
    title,
    html,
  })

  return {
    async start() {
      const app = join(folder, '..')
      cpSync(join(app, 'content'), join(folder, 'content'), { recursive: true })
      const env = {
        NODE_ENV: 'development',
        url,
        server__host: '127.0.0.1',
        server__port: String(port),
        database__client: 'sqlite3',
        database__connection__filename: join(folder, 'ghost.db'),
        database__useNullAsDefault: 'true',
        paths__contentPath: join(folder, 'content'),
        mail__transport: 'stub',
        security__staffDeviceVerification: 'false',
        privacy__useUpdateCheck: 'false',
      }
      program = startProgram(process.execPath, ['index.js'], { cwd: app, log: join(folder, 'logs/ghost.log'), env })
      await program.until(
        async () => (await request(`${origin}/ghost/api/admin/site/`, { headers: proxied })).statusCode === 200,
      )
      await api('POST', '/authentication/setup/', { setup: [{ ...owner, blogTitle: 'Proof' }] })
      const body = JSON.stringify({ username: owner.email, password: owner.password })
      const headers = { ...proxied, 'content-type': 'application/json' }
      const session = await request(`${origin}/ghost/api/admin/session/`, { method: 'POST', headers, body })
      const [cookie = ''] = [session.headers['set-cookie']].flat()
      if (session.statusCode !== 201) throw new Error(`signing in was answered ${session.statusCode}`)
      api = api.with({ cookie: cookie.split(';')[0]! })
      // Ghost answers before it has saved the session.
      await program.until(async () => (await api('GET', '/users/me/')) !== null)
    },
    async connectWebhook() {
      const { integrations } = await api('POST', '/integrations/', { integrations: [{ name: 'relay' }] })
      for (const kind of ['post', 'page']) {
        for (const happening of happenings) {
          const event = `${kind}.${happening}`
          const webhook = { event, name: event, target_url: webhookUrl, secret, integration_id: integrations[0].id }
          await api('POST', '/webhooks/', { webhooks: [webhook] })
        }
      }
    },
    steps: [
      {
        name: 'create a draft',
        act: () =>
          create('post', {
            title: 'Hello',
            html: '<p>Good <strong>morning</strong></p>',
            status: 'draft',
            tags: [{ name: 'News' }, { name: '#internal' }],
            custom_excerpt: 'A greeting',
            feature_image: `${url}/content/images/pixel.png`,
            feature_image_alt: 'A pixel',
            meta_title: 'Hello there',
          }),
        webhooks: [],
        held: () => [],
      },
      {
        name: 'publish',
        act: () => change('post', { status: 'published' }),
        webhooks: ['post.published processed'],
        held: () => [held('post', 'Hello', 'hello', '<p>Good <strong>morning</strong></p>')],
      },
      {
        name: 'update',
        act: () => change('post', { title: 'Hello again', html: '<p>Good evening</p>' }),
        webhooks: ['post.published.edited processed'],
        held: () => [held('post', 'Hello again', 'hello', '<p>Good evening</p>')],
      },
      {
        name: 'correct the title alone',
        act: () => change('post', { title: 'Hello, again' }),
        webhooks: ['post.published.edited processed'],
        held: () => [held('post', 'Hello, again', 'hello', '<p>Good evening</p>')],
      },
      {
        name: 'unpublish',
        act: () => change('post', { status: 'draft' }),
        webhooks: ['post.unpublished processed'],
        held: () => [],
      },
      {
        name: 'publish again',
        act: () => change('post', { status: 'published' }),
        webhooks: ['post.published processed'],
        held: () => [held('post', 'Hello, again', 'hello', '<p>Good evening</p>')],
      },
      {
        name: 'for members only',
        act: () => change('post', { visibility: 'members' }),
        webhooks: ['post.published.edited processed'],
        held: () => [],
      },
      {
        name: 'for everyone again',
        act: () => change('post', { visibility: 'public' }),
        webhooks: ['post.published.edited processed'],
        held: () => [held('post', 'Hello, again', 'hello', '<p>Good evening</p>')],
      },
      {
        name: 'unpublish, and schedule',
        async act() {
          await change('post', { status: 'draft' })
          await change('post', { status: 'scheduled', published_at: new Date(Date.now() + 86_400_000).toISOString() })
        },
        webhooks: ['post.unpublished processed'],
        held: () => [],
      },
      {
        name: 'publish again',
        act: () => change('post', { status: 'published', published_at: null }),
        webhooks: ['post.published processed'],
        held: () => [held('post', 'Hello, again', 'hello', '<p>Good evening</p>')],
      },
      {
        name: 'delete',
        act: () => remove('post'),
        webhooks: ['post.unpublished processed', 'post.deleted processed'],
        held: () => [],
      },
      {
        name: 'publish a page at once',
        act: () => create('page', { title: 'About', html: '<p>Us</p>', status: 'published' }),
        webhooks: ['page.published processed'],
        held: () => [held('page', 'About', 'about-2', '<p>Us</p>')],
      },
      {
        name: 'delete it',
        act: () => remove('page'),
        webhooks: ['page.unpublished processed', 'page.deleted processed'],
        held: () => [],
      },
    ],
    stop: async () => program?.stop(),
  }
}
