import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { closedCircuit } from '../../src/domain/circuit.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { createFolder } from '../folder.ts'
import { arrive, deliver, start, upsert, webhook } from '../store/support.ts'
import { runHere } from './run-here.ts'

/** A database with items of a destination `main`, one delivered and two pending, and a configuration that calls it otherwise. */
async function setUp(over: Record<string, unknown> = {}) {
  const cwd = createFolder()
  const path = join(cwd, 'relay.db')
  const store = await openSqlite(path, { thread: false })
  onTestFinished(() => store.close())
  await arrive(store, [upsert('p1', 'A', { body: '{"url":"https://example.com/1"}' })])
  await deliver(store, start)
  for (const id of ['p2', 'p3']) await arrive(store, [upsert(id, 'A', { body: `{"url":"https://example.com/${id}"}` })])
  const site = {
    token: 'con_1.a-secret-of-enough-characters',
    website_id: 'site_1',
    site_domain: 'example.com',
    default_language: 'en',
    base_url: 'http://127.0.0.1:9/v1/ingest',
  }
  const config = {
    server: { host: '127.0.0.1' },
    store: `sqlite:${path}`,
    destinations: { site },
    sources: {
      web: {
        mapper: 'generic',
        destination: 'site',
        secret: 'another-long-secret',
        vars: { origin: 'https://example.com' },
      },
    },
    ...over,
  }
  writeFileSync(join(cwd, 'relay.yaml'), JSON.stringify(config))
  const run = (...args: string[]) => runHere([...args, '--config', join(cwd, 'relay.yaml')])
  return { store, run, path, cwd }
}

test('check says what is left in the database of destinations and sources with other names, and --strict fails of it', async () => {
  const { run } = await setUp()
  const checked = await run('check')
  expect(checked).toMatchObject({ code: 0, stderr: '' })
  expect(checked.stdout).toMatch(
    /^warning: destination 'main' is not configured, and 2 pending and 0 dead items are for it: configure it again, `npx cms-relay move --from main --to NAME`, or give them up: `npx cms-relay purge items --destination main`$/m,
  )
  expect(await run('check', '--strict')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/--strict: 1 warning$/m),
  })
  const without = await run('check', '--no-store', '--strict')
  expect(without).toMatchObject({ code: 0, stderr: '' })
  expect(without.stdout).not.toContain('warning')
})

test('check makes no database where there is none, and tells of one that it can not read', async () => {
  const { run, cwd } = await setUp({ store: 'sqlite:./nowhere/relay.db' })
  expect(await run('check', '--strict')).toMatchObject({ code: 0 })
  writeFileSync(join(cwd, 'other.db'), 'x'.repeat(9_000))
  const { run: other } = await setUp({ store: `sqlite:${join(cwd, 'other.db')}` })
  const checked = await other('check')
  expect(checked.code).toBe(0)
  expect(checked.stdout).toMatch(/^warning: the store was not looked into: database .* is not a database/m)
})

test('status tells circuits that are not closed, with their reasons, and sources that are left', async () => {
  const { run, store } = await setUp()
  await store.changeCircuit('site', 0, { ...closedCircuit(start), state: 'disabled', reason: 'moving\u001b[2J\nhouse' })
  await store.accept([webhook({ source: 'gone' })])
  const shown = JSON.parse((await run('status', '--json')).stdout)
  expect(shown).toMatchObject({
    destinations: [{ name: 'site', state: 'disabled', reason: expect.stringContaining('moving') }, { name: 'main' }],
    unconfigured_sources: [
      { name: 'gone', pending: 1 },
      { name: 'shop', pending: 0 },
    ],
  })
  const { stdout } = await run('status')
  expect(stdout).toMatch(/^site is disabled: moving\S+house$/m)
  expect(stdout).toMatch(/^warning: source 'gone' is not configured/m)
  expect(stdout).not.toContain('\u001b')
})

test('status calls it unconfigured, and every command works on it', async () => {
  const { run, store } = await setUp()
  const { destinations, warnings } = JSON.parse((await run('status', '--json')).stdout)
  expect(destinations).toMatchObject([
    { name: 'site', state: 'closed' },
    { name: 'main', state: 'unconfigured', pending: 2, delivered: 1 },
  ])
  expect(warnings).toHaveLength(1)
  expect((await run('status')).stdout).toMatch(/^main +unconfigured +2 +1 +0/m)
  expect(await run('disable', 'main')).toMatchObject({ code: 0, stdout: expect.stringContaining('main is disabled') })
  expect(await run('enable', 'main')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('not configured, so nothing is sent'),
  })
  expect(await run('disable', 'never')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no destination 'never'"),
  })
  expect((await run('redeliver', '--destination', 'main')).stdout).toMatch(/^\d items? will be sent again/)
  const dry = await run('move', '--from', 'main', '--to', 'site', '--dry-run')
  expect(dry.stdout).toBe("3 items would go from 'main' to 'site', to be delivered there\nnothing was done\n")
  expect(JSON.parse((await run('move', '--from', 'main', '--to', 'site', 'p2', '--json')).stdout)).toEqual({
    dry_run: false,
    moved: 1,
    superseded: 0,
    mapped_again: 0,
    left: 0,
    busy: 0,
  })
  expect(await store.getItems({ id: 'p2' })).toMatchObject([{ destination: 'site', status: 'pending' }])
  expect((await run('purge', 'items', '--destination', 'main', '--dry-run')).stdout).toBe(
    '2 items would be given up; nothing was done\n',
  )
  expect((await run('purge', 'items', '--destination', 'main')).stdout).toBe('2 items were given up\n')
  expect((await run('check')).stdout).not.toContain('warning')
  expect(await run('move', '--from', 'main', '--to', 'nowhere')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no destination 'nowhere'"),
  })
  expect(await run('move', '--from', 'main')).toMatchObject({ code: 2 })
})
