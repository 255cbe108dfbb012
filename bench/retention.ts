// Shows that the database's size stays bounded: a million small events through the store, with a clock of its own, a
// short retention, and some time in which nothing is mapped. `node bench/retention.ts [events] [--no-vacuum]`.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createPrune } from '../src/stages/upkeep/prune.ts'
import type { ItemChange, MappedEvent, NewEvent, PendingEvent } from '../src/store/contract/store.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'

const minute = 60_000
const group = 64 // webhooks that share a commit
const perSecond = 200
const retention = { events: 10 * minute, attempts: 10 * minute }
const itemCount = 20_000
const owner = 'bench'

const total = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? 1_000_000)
const vacuum = !process.argv.includes('--no-vacuum')
/** Nothing is mapped while these come in, as when a mapper is mended: the backlog makes the file grow. */
const outage = { from: total * 0.4, until: total * 0.6 }

const folder = mkdtempSync(join(tmpdir(), 'cms-relay-retention-'))
const path = join(folder, 'relay.db')
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

if (!vacuum) new DatabaseSync(path).exec('pragma journal_mode = wal; create table other (a); drop table other')
let now = Date.UTC(2026, 0, 1)
const store = await openSqlite(path, { thread: false, now: () => now })
const looking = new DatabaseSync(path, { readOnly: true })

let accepted = 0
const durations = { accept: [] as number[], prune: [] as number[], shrink: [] as number[], noteWaiting: [] as number[] }

async function timed<T>(what: keyof typeof durations, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await work()
  durations[what].push(performance.now() - start)
  return result
}

const timedStore = {
  prune: (...args: Parameters<typeof store.prune>) => timed('prune', () => store.prune(...args)),
  shrink: () => timed('shrink', store.shrink),
  noteWaiting: () => timed('noteWaiting', store.noteWaiting),
  lease: store.lease,
}
const prune = createPrune({ store: timedStore, owner, retention: () => retention, now: () => now })

const filler = 'A sentence that stands for what an editor has written. '.repeat(8)

function webhook(): NewEvent {
  const id = (accepted * 7_919) % itemCount
  accepted += 1
  return {
    source: 'shop',
    deliveryId: `delivery-${accepted}`,
    topic: 'products/update',
    receivedAt: now,
    method: 'POST',
    path: '/webhooks/shop',
    query: '',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ id, revision: accepted, text: filler })),
  }
}

function mappedOf({ seq, receivedAt, body }: PendingEvent): MappedEvent {
  const { id, revision } = JSON.parse(Buffer.from(body).toString()) as { id: number; revision: number }
  const text = JSON.stringify({ type: 'product', id: `product:${id}`, text: `${filler}${revision}` })
  const change: ItemChange = {
    destination: 'main',
    source: 'shop',
    kind: 'upsert',
    type: 'product',
    id: `product:${id}`,
    version: null,
    body: text,
    checksum: `sha256:${revision}`,
    certain: true,
    receivedAt,
    debounceMs: 1_000,
    maxWaitMs: 15_000,
    maxClockLeadMs: 300_000,
  }
  return { seq, mapper: 'bench', mapperVersion: '1', outcome: { status: 'processed' }, changes: [change] }
}

async function mapAll(): Promise<void> {
  for (;;) {
    const events = await store.claimEvents({ owner, leaseMs: minute, limit: group })
    if (events.length === 0) return
    await store.settleEvents(owner, events.map(mappedOf))
  }
}

async function deliverAll(): Promise<void> {
  for (;;) {
    const batchId = randomUUID()
    const claim = { owner, batchId, destination: 'main', leaseMs: minute, maxItems: 500 }
    const batch = await store.claimItems({ ...claim, maxBytes: 4_000_000 })
    if (!batch) return
    const body = Buffer.from(`[${batch.items.map((item) => item.body).join(',')}]`)
    await store.sealBatch(owner, { id: batchId, key: randomUUID(), body })
    const attempt = { batchId, destination: 'main', at: now, durationMs: 1, status: 200, outcome: 'settled' }
    await store.recordAttempt({ ...attempt, error: null, requestId: null, itemCount: batch.items.length })
    const items = batch.items.map(({ seq }) => ({ seq, result: 'delivered' }) as const)
    await store.settleBatch(owner, batchId, { kind: 'done', items })
  }
}

async function pruneAll(): Promise<void> {
  while ((await prune()) > 0);
}

function numberOf(sql: string): number {
  return Number(Object.values(looking.prepare(sql).get()!)[0])
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

/** Median and 99th percentile. */
function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1)
  return `${at(0.5)} / ${at(0.99)}`
}

const columns = ['events', 'kept', 'pending', 'file (MB)', 'free in it (MB)', 'log (MB)', 'commit (ms)', 'pruning step (ms)', 'shrinking step (ms)'] // biome-ignore format: one idea

async function report(name: string): Promise<void> {
  const { eventsPending } = await store.readStats()
  const row = [
    name,
    numberOf("select count(*) from events where status <> 'pending'"),
    eventsPending,
    megabytes(statSync(path).size),
    megabytes(numberOf('pragma freelist_count') * 4096),
    megabytes(statSync(`${path}-wal`).size),
    spread(durations.accept),
    spread(durations.prune),
    spread(durations.shrink),
  ]
  console.log(`| ${row.join(' | ')} |`)
  for (const list of Object.values(durations)) list.length = 0
}

console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => ' ---: ').join('|')}|`)
const started = performance.now()
let prunedAt = now
let deliveredAt = now
for (let reportAt = total / 10; accepted < total; ) {
  await timed('accept', () => Promise.all(Array.from({ length: group }, () => store.accept([webhook()]))))
  now += (group * 1_000) / perSecond
  if (accepted < outage.from || accepted >= outage.until) await mapAll()
  if (now - deliveredAt >= 5_000) {
    await deliverAll()
    deliveredAt = now
  }
  if (now - prunedAt >= minute) {
    await pruneAll()
    prunedAt = now
  }
  if (accepted >= reportAt) {
    reportAt += total / 10
    await report(String(accepted))
  }
}
const seconds = (performance.now() - started) / 1_000
now += retention.events + minute
await deliverAll()
await pruneAll()
await report('and 11 min later')
console.log(`\n${seconds.toFixed(0)} s, ${Math.round((seconds * 1e6) / accepted)} µs for each event`)
looking.close()
await store.close()
console.log(`closed: ${megabytes(statSync(path).size)} MB`)
