// Made 0010.db.gz: a database with every kind of row, as the relay of commit 6fd826b (schema 0010) leaves it when it is killed.
//
//     git worktree add --detach /tmp/old 6fd826b && ln -s $PWD/node_modules /tmp/old/node_modules
//     node test/store/upgrade/make-0010.js /tmp/old
//
// It runs the old code, so it stays as it is. See upgrade.test.ts.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'

const checkout = process.argv[2]
const load = (file) => import(join(checkout, file))
const { openSqlite } = await load('src/store/sqlite/open.ts')
const { checksumOf } = await load('src/domain/ingest-item.ts')
const { closedCircuit } = await load('src/domain/circuit.ts')
const { readVersion } = await load('src/domain/version.ts')
const { itemBody, batchBody } = await load('src/ingest/wire.ts')
const steps = await load('test/store/support.ts')

const path = join(import.meta.dirname, '0010.db')
const second = 1_000
let at = Date.parse('2026-03-01T11:00:00Z')
const store = await openSqlite(path, { thread: false })

function upsert(id, text, change = {}) {
  const url = `https://example.com/products/${id}`
  const item = { type: 'product', id: `product:${id}`, url, title: id, language: 'en', text }
  const checksum = checksumOf({ type: 'product', url, text })
  const version = readVersion(new Date(at).toISOString())
  const body = JSON.stringify({ ...item, checksum })
  return { ...steps.upsert(item.id, text, { version, receivedAt: at, ...change }), body, checksum }
}
const tombstone = (id, change = {}) => steps.tombstone(`product:${id}`, { receivedAt: at, ...change })
const arrive = (...changes) => steps.arrive(store, changes, at)
const product = (id) => ({
  id,
  title: `Product ${id}`,
  handle: `product-${id}`,
  status: 'active',
  published_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-02-01T00:00:00Z',
  body_html: '<p>Nice</p>',
})
const webhook = (id, more = {}) =>
  steps.webhook({
    deliveryId: `delivery-${id}`,
    receivedAt: at,
    headers: { 'content-type': 'application/json', 'x-shopify-topic': 'products/update' },
    body: Buffer.from(JSON.stringify(product(id))),
    ...more,
  })
const attempt = (batchId, status, destination = 'main') =>
  store.recordAttempt({
    ...{ batchId, destination, at, durationMs: 12.5, status, outcome: status === 200 ? 'delivered' : 'retry' },
    ...{ error: status === 200 ? null : 'unavailable', requestId: `req-${batchId}`, itemCount: 1 },
  })

/** Claims what is due of a destination, and gives it its bytes, as a delivery does. */
async function seal(batchId, destination = 'main', maxItems = 500) {
  const claim = { owner: 'relay-1', batchId, destination, at, leaseUntil: at + 60 * second, maxItems, maxBytes: 1e6 }
  const batch = await store.claimItems(claim)
  const bodies = batch.items.map(({ body }) => body)
  const body = bodies.length === 1 ? itemBody('site_1', bodies[0]) : batchBody('site_1', bodies)
  await store.sealBatch('relay-1', { id: batchId, key: `key-${batchId}`, body })
  return batch
}
const settle = (batchId, settlement) => store.settleBatch('relay-1', batchId, settlement, at)
const finish = (batch, result, more = {}) =>
  settle(batch.batchId, { kind: 'done', items: batch.items.map(({ seq }) => ({ seq, result, ...more })) })

// Items: delivered, dead, delivered and changed since, drafts and tombstones, held ones with and without what is noted.
await arrive(upsert('delivered', 'a'), upsert('changed', 'a'), upsert('removed', 'a'), upsert('held', 'a'))
const first = await seal('bat-done')
await attempt('bat-done', 200)
await finish(first, 'delivered')
at += second
await arrive(upsert('dead', 'a'))
await finish(await seal('bat-dead'), 'dead', { error: 'refused: schema', uncertain: false })
await arrive(upsert('elsewhere', 'a', { destination: 'old' }))
const hour = 3_600_000
await arrive(
  upsert('changed', 'b', { debounceMs: 2 * hour, maxWaitMs: 2 * hour }),
  tombstone('draft', { certain: false }),
)
await arrive(upsert('ahead', 'a', { ahead: readVersion('2099-01-01'), debounceMs: 2 * hour, maxWaitMs: 2 * hour }))
await store.removeItem({ destination: 'main', type: 'product', id: 'product:removed', hold: false }, at)
await store.removeItem({ destination: 'main', type: 'product', id: 'product:held', hold: true }, at)
await store.removeItem({ destination: 'main', type: 'product', id: 'product:unknown', hold: true }, at)
await finish(await seal('bat-tombstones'), 'delivered')
at += second
await arrive(upsert('held', 'noted', { source: 'blog' }))

// Batches: split with one open part, open and retried while its item has changed, claimed without bytes.
await arrive(upsert('left', 'a'), upsert('right', 'a'))
const whole = await seal('bat-split')
const part = (id, item) => ({ id, key: `key-${id}`, body: itemBody('site_1', item.body), items: [item.seq] })
const [left, right] = whole.items
await settle('bat-split', {
  kind: 'split',
  error: 'too large',
  parts: [part('bat-left', left), part('bat-right', right)],
})
await arrive(upsert('retried', 'sent'))
const retried = await seal('bat-open')
await attempt('bat-open', 503)
await settle('bat-open', { kind: 'retry', nextAt: at + 5 * second, error: 'unavailable', tried: { ms: 900, at } })
at += second
await arrive(upsert('retried', 'newer'))
await arrive(upsert('again', 'a'))
await finish(await seal('bat-again', 'main', 1), 'retry', {
  error: 'busy',
  dueAt: at + hour,
  uncertain: true,
  tried: { ms: 5, at },
})
await arrive(upsert('claimed', 'a'))
await store.claimItems({
  owner: 'relay-1',
  batchId: 'bat-claimed',
  destination: 'main',
  at,
  leaseUntil: at + 60 * second,
  maxItems: 500,
  maxBytes: 1e6,
})
if (retried.items.length !== 1) throw new Error('the batch was to hold one item')

// Events: failed, skipped, waiting with fetches, pending and replayed, claimed by who is gone; the last is in the inbox yet.
const claimed = async (...events) => {
  await store.accept(events)
  return store.claimEvents({ owner: 'relay-1', at, leaseUntil: at + 60 * second, limit: events.length })
}
const [failing, skipping, waiting] = await claimed(
  webhook('failed'),
  webhook('skipped'),
  webhook('waiting', { source: 'blog' }),
)
const fetch = (status, more = 0) => ({
  ...{ at: at + more, durationMs: 7.5, method: 'GET', url: '/api/articles/1', status },
  ...{ outcome: status === 200 ? 'older' : 'failed', error: status === 200 ? null : 'unavailable' },
})
const mapped = (event, outcome, fetches) =>
  store.settleEvents(
    'relay-1',
    [{ seq: event.seq, mapper: 'shopify', mapperVersion: 'v1', outcome, changes: [], ...(fetches && { fetches }) }],
    at,
  )
await mapped(failing, { status: 'failed', error: "record 'product': no handle" })
await mapped(skipping, { status: 'skipped', reason: 'no record matches' })
const tried = { ms: 40, at }
await mapped(waiting, { status: 'waiting', dueAt: at + hour, attempts: 2, error: 'unavailable', tried }, [
  fetch(503),
  fetch(200, 5),
])
const [replayed] = await claimed(webhook('replayed'))
await mapped(replayed, { status: 'failed', error: 'a mistake of the mapper' })
await store.replayEvents({ ids: [replayed.id] }, 1)
await store.accept([webhook('claimed')])
await store.claimEvents({ owner: 'relay-0', at, leaseUntil: at + 60 * second, limit: 9 })
await store.accept([webhook('proven', { proof: { url: false }, deliveryTag: '0123456789abcdef' }), webhook('inbox')])

await store.writeCircuit('old', {
  ...closedCircuit(at),
  state: 'open',
  failures: 7,
  reason: 'HTTP 503',
  retryAt: at + hour,
})
await store.writeCircuit('main', { ...closedCircuit(at), state: 'disabled', reason: 'by an operator' })
await store.orderCircuit('main', closedCircuit(at))
// What the relay wrote before it has taken the order over.
await store.writeCircuit('main', { ...closedCircuit(at), state: 'disabled', reason: 'by an operator' })
await store.writeRhythms(new Map([['shop', { firstAt: at, lastAt: at, webhooks: 12, longest: [], silentAt: null }]]))
await store.addRefusals([
  { source: 'shop', code: 'rate_limited', reason: 'more than 5', count: 3, firstAt: at, lastAt: at },
])
await store.writeTarget('main', {
  website_id: 'site_1',
  site_domain: 'example.com',
  base_url: 'https://ingest.example/v1/ingest',
  connector_type: 'api',
})
await store.close()

const db = new DatabaseSync(path)
db.exec(`
  insert into delivery_index select delivery_hash, seq from events where delivery_hash is not null;
  update event_position set indexed = last;
  vacuum;
`)
db.close()
writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }))
for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
