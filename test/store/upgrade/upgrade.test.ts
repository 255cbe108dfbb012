import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { createFolder } from '../../folder.ts'
import { startScriptedIngest } from '../../scripted-ingest.ts'
import { createClock, startRelay } from '../../support.ts'

// Databases as older relays have left them when they were killed, named after the newest migration that they had.
//
// A change of the schema adds one: a script beside it that fills every kind of row by the code of the commit before, made from
// the script of the last one. No fixture is ever made anew, since some installation still has such a file.
const fixtures = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.db.gz'))

/** A copy of the database. */
function unpack(fixture: string): string {
  const path = join(createFolder(), 'relay.db')
  writeFileSync(path, gunzipSync(readFileSync(join(import.meta.dirname, fixture))))
  return path
}

type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

function readAll(path: string): Rows {
  const db = new DatabaseSync(path, { readOnly: true })
  const tables = db.prepare("select name from sqlite_schema where type = 'table'").all()
  const rows = tables.map(({ name }) => [name, db.prepare(`select * from "${name}" order by 1, 2`).all().map((row) => ({ ...row }))]) // biome-ignore format: one idea
  db.close()
  return Object.fromEntries(rows)
}

/** The same rows without what they have got since. */
function asBefore(rows: Rows[string] | undefined, before: Rows[string]) {
  const [first = {}] = before
  return (rows ?? []).map((row) => Object.fromEntries(Object.keys(first).map((name) => [name, row[name]])))
}

async function open(path: string) {
  const store = await openSqlite(path, { thread: false })
  onTestFinished(() => store.close())
  return store
}

/** Goes on with the database as it was left an hour ago, with an ingest API that takes everything. */
async function goOn(path: string) {
  const clock = createClock()
  const ingest = await startScriptedIngest(clock)
  const store = await openSqlite(path, { thread: false })
  // The ingest API has moved to where the test has it: else all of it would be delivered anew there.
  const { main } = Object.fromEntries(await store.readTargets())
  await store.writeTarget('main', { ...main!, base_url: ingest.baseUrl })
  await store.close()
  const relay = await startRelay({ baseUrl: ingest.baseUrl, clock, store: `sqlite:${path}` })
  return { ...relay, ingest, store: relay.relay.store }
}

describe.each(fixtures)('a database as the relay of migration %s left it', (fixture) => {
  test('has every row that it had, with every value', async () => {
    const path = unpack(fixture)
    const before = readAll(path)
    await open(path)
    const after = readAll(path)
    const { attempts = [], fetches = [], circuits = [], circuit_orders: orders = [], migrations: _, ...rest } = before
    expect(Object.fromEntries(Object.entries(rest).map(([name, rows]) => [name, asBefore(after[name], rows)]))).toEqual(
      rest,
    )
    const made = (kind: string) => after['executions']!.filter((row) => row['kind'] === kind)
    if (attempts.length > 0) expect(asBefore(made('attempt'), attempts)).toEqual(attempts)
    const unnumbered = (rows: Rows[string]) => rows.map(({ seq: _, ...row }) => row)
    if (fetches.length > 0) expect(unnumbered(asBefore(made('fetch'), fetches))).toEqual(unnumbered(fetches))
    const ordered = circuits.map((row) => orders.find(({ destination }) => destination === row['destination']) ?? row)
    expect(asBefore(after['circuits'], circuits)).toEqual(ordered)
    const kinds = (name: string, column = 'status') => [...new Set(before[name]!.map((row) => row[column]))].sort()
    // The fixture itself: something of every kind, or the test would show nothing.
    expect(kinds('events')).toEqual(['failed', 'pending', 'processed', 'skipped', 'waiting'])
    expect(kinds('items')).toEqual(['dead', 'delivered', 'pending'])
    expect(kinds('batches')).toEqual(['claimed', 'done', 'open', 'split'])
    const empty = Object.keys(before).filter((name) => before[name]!.length === 0)
    expect(empty).toEqual(['health'])
  })

  test('is known by the ids of its sources, and each change of a circuit from now on is seen', async () => {
    const path = unpack(fixture)
    const store = await open(path)
    const { sources } = readAll(path)
    expect(sources).toMatchObject([
      { id: 'file:blog', name: 'blog' },
      { id: 'file:shop', name: 'shop', tenant: null },
    ])
    expect(sources!.every(({ created_at: at }) => typeof at === 'number')).toBe(true)
    const circuits = await store.circuitsSince(0)
    expect(circuits.map(({ destination, circuit }) => [destination, circuit.state]).sort()).toEqual([
      ['main', 'closed'],
      ['old', 'open'],
    ])
  })

  test('notes a source that it did not have with its first event, once', async () => {
    const path = unpack(fixture)
    const store = await open(path)
    const event = { source: 'new', deliveryId: null, topic: null, method: 'POST', path: '/', query: '', headers: {}, body: Buffer.from('') } // biome-ignore format: one idea
    await store.accept([5, 6].map((receivedAt) => ({ ...event, receivedAt })))
    await store.listEvents({}, { limit: 1 })
    await store.accept([{ ...event, receivedAt: 7 }])
    await store.listEvents({}, { limit: 1 })
    const noted = readAll(path)['sources']!.filter(({ name }) => name === 'new')
    expect(noted).toEqual([{ id: 'file:new', name: 'new', tenant: null, created_at: 5 }])
  })

  test('answers as before to what is asked of it', async () => {
    const { store, admin } = await goOn(unpack(fixture))
    const dataOf = async (path: string) => (await admin('GET', path)).json().data
    expect(await dataOf('/attempts?limit=10')).toMatchObject([
      {
        id: 'att_2',
        batch_id: 'bat-open',
        status: 503,
        error: 'unavailable',
        request_id: 'req-bat-open',
        item_count: 1,
      },
      { id: 'att_1', batch_id: 'bat-done', status: 200, error: null, duration_ms: 12.5, destination: 'main' },
    ])
    const waiting = await dataOf('/events/evt_14')
    expect(waiting.fetches).toMatchObject([
      { status: 200, url: '/api/articles/1', outcome: 'older' },
      { status: 503, error: 'unavailable' },
    ])
    expect(await dataOf('/items/product:held?destination=main')).toMatchObject({
      held: true,
      desired: { kind: 'delete' },
      noted: { kind: 'upsert', event_id: 'evt_6' },
      resource: null,
      sources: ['shop'],
    })
    expect((await dataOf('/items/product:ahead')).version).toBeTypeOf('string')
    const errors = await dataOf('/events?group_by=error')
    expect(errors).toContainEqual(expect.objectContaining({ status: 'refused', code: 'rate_limited', count: 3 }))
    expect((await store.readRhythms()).get('shop')).toMatchObject({ webhooks: 12 })
  })

  test('is mapped and delivered to the end: open batches with their keys and bytes, events in the inbox too', async () => {
    const path = unpack(fixture)
    const before = readAll(path)
    const { store, map, deliver, ingest, admin } = await goOn(path)
    await map()
    await deliver(3 * 3_600_000)
    const bytesOf = (id: string) => {
      const { seq } = before['batches']!.find((row) => row['id'] === id)!
      return Buffer.from(
        before['batch_bodies']!.find((row) => row['batch_seq'] === seq)!['body'] as Uint8Array,
      ).toString()
    }
    for (const id of ['bat-open', 'bat-left', 'bat-right']) {
      expect(ingest.calls.filter(({ key }) => key === `key-${id}`).map(({ text }) => text)).toEqual([bytesOf(id)])
    }
    const sentOf = (id: string) => ingest.calls.filter(({ ids }) => ids.includes(id)).length
    // The newer state of the retried one after it; what was claimed without bytes, once.
    expect([sentOf('product:retried'), sentOf('product:claimed'), sentOf('product:again')]).toEqual([2, 1, 1])
    expect([sentOf('product:delivered'), sentOf('product:dead'), sentOf('product:held')]).toEqual([0, 0, 0])
    for (const id of ['replayed', 'claimed', 'proven', 'inbox']) expect(sentOf(`product:${id}`)).toBe(1)
    const { rows } = await store.listItems({ destination: 'main', status: 'pending' }, { limit: 100 })
    expect(rows).toEqual([])
    const unmapped = (await store.listEvents({ status: 'pending' }, { limit: 100 })).rows
    expect(unmapped).toEqual([])
    expect((await admin('POST', '/items/product:held/release')).statusCode).toBeLessThan(300)
    await deliver(60_000)
    expect(sentOf('product:held')).toBe(1)
  })

  test('knows the deliveries that it had, in its index and in its inbox', async () => {
    const store = await open(unpack(fixture))
    const event = { source: 'shop', topic: null, receivedAt: 0, method: 'POST', path: '/', query: '', headers: {}, body: Buffer.from('') } // biome-ignore format: one idea
    const ids = ['delivery-failed', 'delivery-inbox', 'delivery-new']
    const accepted = await store.accept(ids.map((deliveryId) => ({ ...event, deliveryId })))
    expect(accepted).toEqual([
      { eventId: 'evt_12', duplicate: true },
      { eventId: 'evt_18', duplicate: true },
      { eventId: 'evt_19', duplicate: false },
    ])
  })
})
