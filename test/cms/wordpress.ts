import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { type Api, createApi } from './api.ts'
import type { CreateCms, Held, Outage } from './cms.ts'
import { pixel } from './pixel.ts'
import { type Program, pause, runProgram, startProgram } from './program.ts'

const site = join(import.meta.dirname, 'sites/wordpress')
const plugin = join(import.meta.dirname, '../../integrations/wordpress')
/** What WordPress gives a post that has no category. */
const filed = 'in Uncategorized'
const processed = ['post_update processed']

interface Facts {
  readonly tags?: readonly string[]
  readonly categories?: readonly string[]
}

/** Debian's WordPress with MariaDB and PHP's own server; the plugin is ours, and everything is set by its own functions. */
export const createWordpress: CreateCms = ({ folder, port, webhookUrl, secret }) => {
  const programs: Program[] = []
  const origin = `http://127.0.0.1:${port}`
  const root = join(folder, 'root/usr/share/wordpress')
  const data = join(folder, 'data')
  const socket = join(folder, 'db.sock')
  const env = { PROOF_SOCKET: socket, PROOF_ORIGIN: origin, PHP_CLI_SERVER_WORKERS: '4' }
  const anybody = createApi(origin)
  let editor: Api = anybody

  /** Calls a function of WordPress, or one of acts.php. */
  const call = (name: string, ...args: readonly unknown[]) => anybody('POST', '/drive.php', { call: name, args })
  const rest = (method: 'POST' | 'DELETE', path: string, body?: object) =>
    editor(method, `/index.php?rest_route=/wp/v2${path}`, body ?? {})

  /** What the site shows, as it is expected: by id. */
  const shown = new Map<number, Held>()
  const ids = new Map<string, number>()
  const idOf = (name: string) => ids.get(name) ?? 0

  async function create(name: string, type: 'post' | 'page', fields: object): Promise<void> {
    const { id } = await rest('POST', `/${type}s`, fields)
    ids.set(name, id)
  }

  const change = (name: string, fields: object, type = 'post') => rest('POST', `/${type}s/${idOf(name)}`, fields)

  /** Expects an item from now on: as it was, but for what is given. */
  function show(name: string, fields: Partial<Omit<Held, 'more'>> & { readonly more?: string | undefined }): void {
    const id = idOf(name)
    const known = shown.get(id) ?? { type: 'post', id: `post:${id}`, url: '', title: '' }
    const { more, ...rest } = { ...known, ...fields }
    shown.set(id, more === undefined ? rest : { ...rest, more })
  }
  const hide = (name: string) => shown.delete(idOf(name))
  const url = (path: string) => `https://example.com/${path}`
  const held = () => [...shown.values()]
  /** An item before it was hidden. */
  let kept: Partial<Held> = {}

  async function bulk(outage: Outage, from: number, act: (index: number) => Promise<void>): Promise<void> {
    for (let index = 0; index < 60; index++) {
      if (index === from) await outage.kill()
      await act(index)
    }
    await outage.restart()
    await call('CmsRelay\\resume') // the pause after the failures is up to five minutes
  }

  return {
    async prepare() {
      cpSync(join(folder, '../root'), join(folder, 'root'), { recursive: true, verbatimSymlinks: true })
      cpSync(site, root, { recursive: true })
      mkdirSync(join(root, 'wp-content/mu-plugins'), { recursive: true })
      cpSync(join(site, 'members.php'), join(root, 'wp-content/mu-plugins/members.php'))
      rmSync(join(root, 'wp-content/plugins/cms-relay'), { recursive: true, force: true })
      cpSync(plugin, join(root, 'wp-content/plugins/cms-relay'), { recursive: true })
      const options = [
        '--no-defaults',
        `--datadir=${data}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
      ]
      const log = join(folder, 'logs/install-db.log')
      await runProgram('mariadb-install-db', [...options, '--user=root'], { cwd: folder, log })
    },
    async start() {
      const options = ['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, '--skip-networking', '--user=root']
      const db = startProgram('mariadbd', [...options, '--init-file', join(root, 'database.sql')], {
        cwd: folder,
        log: join(folder, 'logs/mariadb.log'),
      })
      programs.push(db)
      const php = startProgram('php', ['-S', `127.0.0.1:${port}`, '-t', root], {
        cwd: root,
        log: join(folder, 'logs/php.log'),
        env,
      })
      programs.unshift(php)
      await php.until(async () => {
        const answer = await request(`${origin}/wp-includes/version.php`)
        await answer.body.dump()
        return answer.statusCode === 200
      })
      await db.until(async () => {
        await anybody('POST', '/drive.php', { install: true, call: 'wp_generate_uuid4', args: [] })
        return true
      })
      const body = { install: true, call: 'act_install', args: ['two-lamps'] }
      editor = createApi(origin, { authorization: `Basic ${await anybody('POST', '/drive.php', body)}` })
      await call('act_permalinks', '/%category%/%postname%/')
      await call('act_activate')
    },
    async connectWebhook() {
      await call('act_configure', { url: webhookUrl, secret, post_types: ['post', 'page'], daily: '1' })
      const error = await call('CmsRelay\\test_connection')
      if (error !== '') throw new Error(error)
    },
    async hasSentAll() {
      await request(`${origin}/wp-cron.php`).then(({ body }) => body.dump())
      const { pending } = await call('CmsRelay\\outbox_status')
      return pending === 0
    },
    more(item) {
      const { post, page, media } = item['json'] as Record<string, unknown> & { post?: Facts; page?: Facts }
      const { tags = [], categories = [] } = post ?? page ?? {}
      const pictures = (media as readonly { alt?: string }[] | undefined) ?? []
      return [
        categories.length > 0 && `in ${categories.join(', ')}`,
        tags.length > 0 && `tags ${tags.join(', ')}`,
        ...pictures.map(({ alt }) => `picture ${alt ?? 'without text'}`),
      ]
        .filter(Boolean)
        .join('; ')
    },
    steps: [
      {
        name: 'save a draft',
        async act() {
          const news = await rest('POST', '/categories', { name: 'News', slug: 'news' })
          const lamps = await rest('POST', '/tags', { name: 'Lamps' })
          ids.set('news', news.id).set('lamps', lamps.id)
          await create('hello', 'post', {
            title: 'Hello',
            slug: 'hello',
            content: '<!-- wp:paragraph --><p>For all.</p><!-- /wp:paragraph -->[members]For members.[/members]',
            categories: [news.id],
            tags: [lamps.id],
            status: 'draft',
          })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'publish, with a text that members alone see',
        async act() {
          await change('hello', { status: 'publish' })
          show('hello', {
            url: url('news/hello/'),
            title: 'Hello',
            html: '<p>For all.</p>',
            more: 'in News; tags Lamps',
          })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'render it, and a text that fails, in a request of an editor with a language of their own',
        async act() {
          const told = JSON.stringify(await call('CmsRelay\\describe', idOf('hello'), 'post'))
          if (told.includes('For members.') || !told.includes('For all.'))
            throw new Error(`an editor's own request sends ${told}`)
          const after = await call('act_context_after_failure', idOf('hello'))
          const wanted = [1, idOf('hello'), idOf('hello'), 'de_DE']
          if (String(after) !== String(wanted)) throw new Error(`put back are ${after}, not ${wanted}`)
        },
        webhooks: [],
        held,
      },
      {
        name: 'correct the title alone',
        async act() {
          await change('hello', { title: 'Hello again' })
          show('hello', { title: 'Hello again' })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'rename the tag and the category',
        async act() {
          await rest('POST', `/tags/${idOf('lamps')}`, { name: 'Lights' })
          await rest('POST', `/categories/${idOf('news')}`, { name: 'Reports', slug: 'reports' })
          show('hello', { url: url('reports/hello/'), more: 'in Reports; tags Lights' })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'delete the tag',
        async act() {
          await rest('DELETE', `/tags/${idOf('lamps')}&force=1`)
          show('hello', { more: 'in Reports' })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'set a tag, past the editor',
        async act() {
          await call('wp_set_object_terms', idOf('hello'), ['Brass'], 'post_tag')
          show('hello', { more: 'in Reports; tags Brass' })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'set the featured picture alone',
        async act() {
          ids.set('picture', await call('act_picture', 'dot.png', pixel.toString('base64')))
          await call('set_post_thumbnail', idOf('hello'), idOf('picture'))
          show('hello', { more: 'in Reports; tags Brass; picture without text' })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'describe the picture',
        async act() {
          await rest('POST', `/media/${idOf('picture')}`, { alt_text: 'A dot' })
          show('hello', { more: 'in Reports; tags Brass; picture A dot' })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'delete the picture',
        async act() {
          await rest('DELETE', `/media/${idOf('picture')}&force=1`)
          show('hello', { more: 'in Reports; tags Brass' })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'publish a page and one below it',
        async act() {
          await create('shop', 'page', { title: 'Shop', slug: 'shop', content: 'Come in.', status: 'publish' })
          await create('hours', 'page', {
            title: 'Hours',
            slug: 'hours',
            content: 'At nine.',
            parent: idOf('shop'),
            status: 'publish',
          })
          const page = (name: string) => ({ type: 'page', id: `page:${idOf(name)}` })
          show('shop', { ...page('shop'), url: url('shop/'), title: 'Shop', html: '<p>Come in.</p>' })
          show('hours', { ...page('hours'), url: url('shop/hours/'), title: 'Hours', html: '<p>At nine.</p>' })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'change the slug of the upper page',
        async act() {
          await change('shop', { slug: 'store' }, 'page')
          show('shop', { url: url('store/') })
          show('hours', { url: url('store/hours/') })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'make it the front page',
        async act() {
          await call('update_option', 'show_on_front', 'page')
          await call('update_option', 'page_on_front', idOf('shop'))
          show('shop', { url: url('') })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'delete the upper page for good',
        async act() {
          await rest('DELETE', `/pages/${idOf('shop')}&force=1`)
          hide('shop')
          show('hours', { url: url('hours/') })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'edit a synced pattern',
        async act() {
          const { id } = await rest('POST', '/blocks', { title: 'Offer', content: 'Old offer', status: 'publish' })
          ids.set('offer', id)
          await change('hello', { content: `<!-- wp:block {"ref":${id}} /-->` })
          await rest('POST', `/blocks/${id}`, {
            content: '<!-- wp:paragraph --><p>New offer</p><!-- /wp:paragraph -->',
          })
          show('hello', { html: '<p>New offer</p>' })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'change the permalinks',
        async act() {
          await call('act_permalinks', '/blog/%postname%/')
          show('hello', { url: url('blog/hello/') })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'make the post a page',
        async act() {
          await call('set_post_type', idOf('hello'), 'page')
          show('hello', { type: 'page', id: `page:${idOf('hello')}`, url: url('hello/'), more: undefined })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'make the page a post again',
        async act() {
          await call('wp_update_post', { ID: idOf('hello'), post_type: 'post' })
          show('hello', { type: 'post', id: `post:${idOf('hello')}`, url: url('blog/hello/'), more: filed })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'set a password',
        async act() {
          const item = shown.get(idOf('hello'))!
          await change('hello', { password: 'brass' })
          hide('hello')
          kept = item
        },
        webhooks: processed,
        held,
      },
      {
        name: 'take it away',
        async act() {
          await change('hello', { password: '' })
          show('hello', kept)
        },
        webhooks: processed,
        held,
      },
      {
        name: 'move to the bin',
        async act() {
          await rest('DELETE', `/posts/${idOf('hello')}`)
          hide('hello')
        },
        webhooks: processed,
        held,
      },
      {
        name: 'take it out of the bin, and publish',
        async act() {
          await call('wp_untrash_post', idOf('hello'))
          await change('hello', { status: 'publish', slug: 'hello' })
          show('hello', kept)
        },
        webhooks: processed,
        held,
      },
      {
        name: 'schedule a post, and wait for its time',
        async act() {
          const date = new Date(Date.now() + 3_000).toISOString().slice(0, 19)
          await create('later', 'post', {
            title: 'Later',
            slug: 'later',
            content: 'Late.',
            date_gmt: date,
            status: 'future',
          })
          await pause(4_500)
          await request(`${origin}/wp-cron.php`).then(({ body }) => body.dump())
          const text = { title: 'Later', html: '<p>Late.</p>', more: filed }
          show('later', { id: `post:${idOf('later')}`, url: url('blog/later/'), ...text })
        },
        webhooks: processed,
        held,
      },
      {
        name: 'the relay is busy: 429 with Retry-After',
        async act(relay) {
          relay.refuse(1, 429, { 'retry-after': '3' })
          await change('later', { title: 'Much later' })
          show('later', { title: 'Much later' })
        },
        webhooks: ['no event refused', ...processed],
        held,
      },
      {
        name: 'the relay refuses one post: 413',
        async act(relay) {
          relay.refuse(1, 413)
          await change('later', { title: 'Too late' })
          show('later', { title: 'Too late' })
        },
        webhooks: ['no event refused', ...processed],
        held,
      },
      {
        name: 'publish 60 posts; the relay is killed after 20',
        act: (relay) =>
          bulk(relay, 20, async (index) => {
            const name = `bulk-${index}`
            await create(name, 'post', { title: `Post ${index}`, slug: name, content: 'One', status: 'publish' })
            const text = { title: `Post ${index}`, html: '<p>One</p>', more: filed }
            show(name, { id: `post:${idOf(name)}`, url: url(`blog/${name}/`), ...text })
          }),
        webhooks: processed,
        held,
      },
      {
        name: 'edit all 60, and delete every sixth; the relay is killed after 25',
        act: (relay) =>
          bulk(relay, 25, async (index) => {
            const name = `bulk-${index}`
            if (index % 6 === 0) {
              await rest('DELETE', `/posts/${idOf(name)}&force=1`)
              hide(name)
              return
            }
            await change(name, { content: `Text ${index}` })
            show(name, { html: `<p>Text ${index}</p>` })
          }),
        webhooks: processed,
        held,
      },
      {
        name: 'change the database by hand, then `wp relay sync`',
        async act() {
          await call('act_sql', `UPDATE {posts} SET post_title = 'By hand' WHERE ID = ${idOf('bulk-1')}`)
          await call('act_sql', `DELETE FROM {posts} WHERE ID = ${idOf('bulk-2')}`)
          const said = await call('act_command', 'sync', {})
          if (!String(said.at(-1)).startsWith('success')) throw new Error(said.join('\n'))
          show('bulk-1', { title: 'By hand' })
          hide('bulk-2')
        },
        webhooks: processed,
        held,
      },
      {
        name: 'take pages out of the settings',
        async act() {
          await call('act_configure', { url: webhookUrl, secret: '', post_types: ['post'] })
          hide('hours')
        },
        webhooks: processed,
        held,
      },
    ],
    async stop() {
      for (const program of programs) await program.stop()
    },
  }
}
