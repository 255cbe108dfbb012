import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createClock, startRelay, startSandbox } from '../support.ts'

const plugin = join(import.meta.dirname, '../../integrations/wordpress')
const files = globSync('**/*.php', { cwd: plugin })
const read = (file: string) => readFileSync(join(plugin, file), 'utf8')
const hasPhp = spawnSync('php', ['--version']).status === 0
const secret = 'a-long-random-text-for-both-sides'

async function startSite() {
  const clock = createClock()
  const sandbox = await startSandbox(clock)
  const site = { mapper: 'wordpress', destination: 'main', secret }
  const relay = await startRelay({ baseUrl: sandbox.baseUrl, clock, sources: { site } })
  return {
    relay,
    /** As `post_webhook()` of the plugin sends. */
    send: (data: object) => {
      const body = JSON.stringify(data)
      const signature = createHmac('sha256', secret).update(body).digest('base64')
      return relay.send('site', body, { 'x-wp-webhook-name': 'post_update', 'x-wp-webhook-signature': signature })
    },
    held: async () => {
      await relay.map()
      await relay.deliver(60_000)
      return sandbox.items().map(({ item }) => (item as unknown as { readonly id: string }).id)
    },
  }
}

const live = {
  id: 7,
  type: 'post',
  status: 'publish',
  modified_gmt: '2026-02-01T10:00:00',
  link: 'https://example.com/hello/',
  title: { rendered: 'Hello' },
  content: { rendered: '<p>Hello</p>', protected: false },
}

test('buttons lead back to the page of the plugin, also if the public site is at another host', () => {
  expect(read('includes/admin.php')).toMatch(
    /\twp_redirect\( add_query_arg\( 'cms_relay', \$result, page_url\(\) \) \)/,
  )
  for (const file of files) expect(read(file)).not.toContain('wp_safe_redirect') // it knows the public host alone
})

test('the test of the plugin is answered, and is no event', async () => {
  const { relay, send } = await startSite()
  expect((await send({ event: 'ping' })).statusCode).toBe(200)
  expect((await relay.admin('GET', '/events')).json().data).toEqual([])
  expect((await relay.send('site', { event: 'ping' }, { 'x-wp-webhook-signature': 'wrong' })).statusCode).toBe(401)
})

test.each([
  ['is made private', { status: 'private', modified_gmt: '2026-02-01T10:00:00', content: { protected: false } }],
  ['gets a password', { status: 'private', modified_gmt: '2026-02-01T10:00:00', content: { protected: true } }],
  ['is moved to the bin', { status: 'trash', modified_gmt: '2026-02-01T10:00:05', content: { protected: false } }],
  ['is gone', { status: 'trash' }],
])('what the plugin tells of a post that %s withdraws it', async (_, data) => {
  const { send, held } = await startSite()
  expect((await send(live)).statusCode).toBe(202)
  expect(await held()).toEqual(['post:7'])
  expect((await send({ id: 7, type: 'post', ...data })).statusCode).toBe(202)
  expect(await held()).toEqual([])
})

test('a post whose type was switched is withdrawn under the old one', async () => {
  const { send, held } = await startSite()
  await send(live)
  await send({ ...live, type: 'page' })
  await send({ id: 7, type: 'post', status: 'trash' })
  expect(await held()).toEqual(['page:7'])
})

test('there are files of the plugin to look at', () => expect(files.length).toBeGreaterThan(8))

test.each(files)('%s does nothing when it is asked for by itself', (file) => {
  expect(read(file)).toMatch(/^defined\( '(ABSPATH|WP_UNINSTALL_PLUGIN)' \) \|\| exit;$/m)
})

test.each(files)('%s has its texts translated in the domain of the plugin', (file) => {
  const calls = read(file).match(/\b(__|_n|esc_html__|esc_html_e|esc_attr__|esc_attr_e)\((?:'[^']*'|[^')])*\)/g) ?? []
  expect(calls.filter((call) => !call.includes("'cms-relay'"))).toEqual([])
})

test('what is kept in the database goes with the plugin', () => {
  const all = files.map(read).join('\n')
  const names = [...all.matchAll(/= 'cms_relay_([a-z]+)';/g)].map(([, name]) => name)
  expect(names.toSorted()).toEqual(['daily', 'lease', 'pause', 'schema', 'send', 'settings'])
  for (const name of names) expect(read('uninstall.php')).toMatch(new RegExp(`'(cms_relay_)?${name}'`))
})

test('the plugin has one version', () => {
  const versions = [
    ...read('cms-relay.php').matchAll(/Version: +([\d.]+)|VERSION +?= '([\d.]+)'/g),
    ...readFileSync(join(plugin, 'readme.txt'), 'utf8').matchAll(/Stable tag: ([\d.]+)/g),
  ].map(([, header, constant]) => header ?? constant)
  expect(versions).toEqual(['1.0.0', '1.0.0', '1.0.0'])
})

test.runIf(hasPhp).each(files)('%s is PHP', (file) => {
  expect(spawnSync('php', ['-l', join(plugin, file)]).status).toBe(0)
})
