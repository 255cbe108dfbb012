import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { migrate, readMigrations } from '../src/store/sqlite/migrate.ts'
import { deliveryScenarios } from './delivery-scenarios.ts'
import { startJudge } from './judge.ts'
import { auditEvents } from './operator.ts'
import type { Plan } from './plan.ts'
import { createRandom } from './random.ts'
import { adminToken, startRelay } from './relay.ts'
import { reloadScenario } from './reload-scenario.ts'
import { badOf, compare, type Result, settle } from './round.ts'
import type { Finding, Scenario, Staging } from './scenario.ts'
import { createTraffic, sendTraffic, shopSecret } from './traffic.ts'

const peace: Plan = { seed: 1, trafficMs: 1_500, items: 30, savesEach: 6, judge: [], process: [], poison: false }

/** Traffic as in a round; then everything acknowledged must have arrived. */
async function stage(folder: string, { plan = peace, meanwhile, ...options }: Staging) {
  const random = createRandom(plan.seed)
  const traffic = createTraffic(plan, random)
  const judge = await startJudge(plan, traffic.saves, random)
  const relay = await startRelay({ folder, baseUrl: judge.baseUrl, ...options })
  try {
    judge.begin()
    relay.begin()
    const sending = sendTraffic(traffic, relay.origin, random)
    await meanwhile?.(relay)
    const sent = await sending
    judge.relent()
    await relay.relent()
    const other = [...(await settle(relay, plan)), ...(await auditEvents(relay, sent, new Set()))]
    const lost = compare(traffic.saves, sent, judge.held)
    const { verdicts } = judge
    const result = { lost, other: [...other, ...relay.surprises], ...verdicts } as unknown as Result
    return { bad: badOf(result), sent, starts: relay.starts() }
  } finally {
    await relay.stop()
    await judge.close()
  }
}

/** A small disk of its own. Null where this user may not have one. */
function mountDisk(folder: string, megabytes: number): { readonly path: string; remove(): void } | null {
  const path = join(folder, 'disk')
  mkdirSync(path, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return null
  }
  return { path, remove: () => execFileSync('umount', ['-l', path]) }
}

const refusal = /relay\.db is read-only/

function tryTo(run: () => void): boolean {
  try {
    run()
    return true
  } catch {
    return false
  }
}

const noDisk = { told: 'left out: only root can mount a small disk', bad: ['could not be run'] }

const diskFull: Scenario = async (folder) => {
  const disk = mountDisk(folder, 16)
  if (!disk) return noDisk
  try {
    const { bad, sent } = await stage(folder, {
      database: join(disk.path, 'relay.db'),
      async meanwhile() {
        await sleep(400)
        const filler = join(disk.path, 'filler')
        writeFileSync(filler, '')
        fill(filler)
        await sleep(2_000)
        rmSync(filler)
      },
    })
    const refused = sent.answers.get('503') ?? 0
    return { told: `${refused} webhooks were told 503 and came again`, bad: refused > 0 ? bad : [...bad, 'never full'] }
  } finally {
    disk.remove()
  }
}

/** Takes every byte that is left. */
function fill(file: string): void {
  for (const size of [1 << 20, 1 << 16, 1 << 12]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}

const readOnly: Scenario = async (folder) => {
  const disk = mountDisk(folder, 64)
  if (!disk) return noDisk
  const remount = (mode: string) => execFileSync('mount', ['-o', `remount,${mode}`, disk.path], { stdio: 'ignore' })
  const logged = () => readFileSync(join(folder, 'relay.log'), 'utf8')
  try {
    const { bad, starts } = await stage(folder, {
      database: join(disk.path, 'relay.db'),
      async meanwhile(relay) {
        await sleep(300)
        relay.signal('SIGKILL') // a file system that somebody writes to cannot become read-only
        for (const until = performance.now() + 1_000; !tryTo(() => remount('ro')) && performance.now() < until; ) {
          await sleep(10)
        }
        for (const until = performance.now() + 20_000; performance.now() < until && !refusal.test(logged()); ) {
          await sleep(100)
        }
        remount('rw')
      },
    })
    const refusals = bad.filter((line) => line.startsWith('ended with 1'))
    const wrong = [
      ...bad.filter((line) => !refusals.includes(line)),
      ...(refusals.length > 0 ? [] : ['it started on a disk that cannot be written']),
      ...(refusal.test(logged()) ? [] : ['it did not say why it would not start']),
    ]
    return {
      told: `refused to start ${refusals.length} times, naming the file, and went on afterwards (${starts} starts)`,
      bad: wrong,
    }
  } finally {
    disk.remove()
  }
}

const tornLog: Scenario = async (folder) => {
  const database = join(folder, 'relay.db')
  const { bad } = await stage(folder, {
    database,
    async meanwhile(relay) {
      for (const garbage of [Buffer.alloc(30_000, 0x5a), Buffer.alloc(700), Buffer.alloc(4_120, 1)]) {
        await sleep(350)
        relay.signal('SIGKILL')
        appendFileSync(`${database}-wal`, garbage) // a write that the machine did not finish
      }
    },
  })
  return { told: 'three times killed with half a write behind the log', bad }
}

const migration: Scenario = async (folder) => {
  const database = join(folder, 'relay.db')
  mkdirSync(folder, { recursive: true })
  const db = new DatabaseSync(database)
  db.exec('pragma journal_mode = wal')
  migrate(db, database, { migrations: readMigrations().slice(0, 1) })
  const insert = db.prepare(
    `insert into events (seq, source, delivery_id, topic, received_at, bytes, status) values (?, 'shop', ?, 'x', 1, 2, 'processed')`,
  )
  db.exec('begin')
  for (let seq = 1; seq <= 50_000; seq += 1) insert.run(seq, `old-${seq}`)
  db.exec('update event_position set last = 50000, indexed = 50000')
  db.exec('commit')
  db.close()
  const point = 'in the middle of a migration' as const
  const { bad, starts } = await stage(folder, { database, faults: [{ kind: 'crash', point, pass: 1 }] })
  const after = new DatabaseSync(database, { readOnly: true })
  const count = (sql: string) => Number(Object.values(after.prepare(sql).get()!)[0])
  const kept = count("select count(*) from events where delivery_id like 'old-%'")
  const done = count('select count(*) from migrations')
  after.close()
  const wrong = [
    ...(kept === 50_000 ? [] : [`${50_000 - kept} old events are gone`]),
    ...(done === readMigrations().length ? [] : [`only ${done} migrations are done`]),
    ...(starts > 1 ? [] : ['it was not killed']),
  ]
  return { told: `50,000 events from before, ${starts} starts`, bad: [...bad, ...wrong] }
}

const slowSenders: Scenario = async (folder) => {
  const wanted = 10_000
  const sockets: Socket[] = []
  let before = 0
  let during = 0
  const { bad, sent } = await stage(folder, {
    plan: { ...peace, trafficMs: 6_000 },
    async meanwhile(relay) {
      before = relay.residentBytes()
      for (let index = 0; index < wanted; index += 1) {
        const socket = connect({ port: relay.port, host: '127.0.0.1' })
        socket.on('error', () => {})
        sockets.push(socket)
        if (index % 250 === 0) await sleep(20)
      }
      const text = 'POST /webhooks/shop HTTP/1.1\r\nhost: relay\r\ncontent-length: 1000\r\n\r\n'
      for (let at = 0; at < 5; at += 1) {
        for (const socket of sockets) if (socket.writable) socket.write(text[at]!)
        await sleep(1_000)
      }
      during = relay.residentBytes()
      for (const socket of sockets) socket.destroy()
    },
  })
  const grown = (during - before) / 2 ** 20
  const timeouts = sent.answers.get('timeout') ?? 0
  const told = `memory grew by ${Math.round(grown)} MB, ${timeouts} answers to ${sent.webhooks} webhooks came late`
  return { told, bad: grown < 300 ? bad : [...bad, 'memory grew too far'] }
}

const flood: Scenario = async (folder) => {
  const quiet = await latencyOfShop(join(folder, 'quiet'), 0)
  const loud = await latencyOfShop(join(folder, 'loud'), 32)
  const told = `p95 from webhook to answer ${Math.round(quiet.p95)} ms alone, ${Math.round(loud.p95)} ms beside ${loud.flooded} of the other source (${loud.refused} told 429)`
  return { told, bad: [...quiet.bad, ...loud.bad, ...(loud.p95 < Math.max(quiet.p95 * 10, 250) ? [] : ['too late'])] }
}

/** How long the shop's webhooks take while another source sends as fast as it can over so many connections. */
async function latencyOfShop(folder: string, connections: number) {
  const latencies: number[] = []
  let flooded = 0
  let refused = 0
  const floodSource = {
    mapper: 'generic',
    verify: 'none',
    destination: 'main',
    vars: { origin: 'https://example.com' },
  }
  const { bad } = await stage(folder, {
    sources: { flood: floodSource },
    async meanwhile(relay) {
      let isOver = false
      const post = (source: string, headers: Record<string, string>, body: string) =>
        fetch(`${relay.origin}/webhooks/${source}`, { method: 'POST', headers, body })
      const flooding = Array.from({ length: connections }, async (_, index) => {
        for (let at = 0; !isOver; at += 1) {
          const body = JSON.stringify({
            event: 'post.saved',
            id: `f${index}`,
            version: at,
            status: 'draft',
            title: 'x',
          })
          const answer = await post('flood', { 'content-type': 'application/json' }, body)
          await answer.arrayBuffer()
          flooded += 1
          if (answer.status === 429) refused += 1
        }
      })
      for (let index = 0; index < 60; index += 1) {
        const body = JSON.stringify({ id: 1 })
        const headers = {
          'x-shopify-topic': 'shop/update',
          'x-shopify-hmac-sha256': createHmac('sha256', shopSecret).update(body).digest('base64'),
        }
        const start = performance.now()
        await (await post('shop', headers, body)).arrayBuffer()
        latencies.push(performance.now() - start)
        await sleep(25)
      }
      isOver = true
      await Promise.all(flooding)
    },
  })
  latencies.sort((a, b) => a - b)
  return { p95: latencies[Math.floor(latencies.length * 0.95)]!, flooded, refused, bad }
}

/** Longest from the loss of the database to the first refusal. */
const noticedMs = 4_000

/** What is acknowledged until the loss is noticed goes with the rest; after that nothing may be. */
const deletedDatabase: Scenario = async (folder) => {
  const judge = await startJudge(peace, new Map(), createRandom(1))
  const relay = await startRelay({ folder, baseUrl: judge.baseUrl })
  let deletedAt = Number.POSITIVE_INFINITY
  let isOver = false
  let before = 0
  const lost: number[] = []
  let refused = 0
  try {
    const sending = Array.from({ length: 8 }, async (_, sender) => {
      for (let at = 0; !isOver; at += 1) {
        const body = JSON.stringify({ id: sender * 1_000_000 + at })
        const answer = await fetch(`${relay.origin}/webhooks/shop`, {
          method: 'POST',
          headers: shopHeaders(body),
          body,
        })
        await answer.arrayBuffer()
        if (answer.status !== 202) refused += 1
        else if (performance.now() < deletedAt) before += 1
        else lost.push(performance.now() - deletedAt)
      }
    })
    await sleep(1_000)
    for (const ending of ['', '-wal', '-shm']) rmSync(join(folder, `relay.db${ending}`))
    deletedAt = performance.now()
    await sleep(noticedMs + 2_000)
    const ready = (await fetch(`${relay.origin}/readyz`)).status
    isOver = true
    await Promise.all(sending)
    const last = Math.max(0, ...lost)
    const told = `${before} webhooks acknowledged before; ${lost.length} more in the ${Math.round(last)} ms until it was noticed; then ${refused} told 503`
    const bad = [
      ...(last > noticedMs ? [`the last one was acknowledged ${Math.round(last)} ms after`] : []),
      ...(refused > 0 ? [] : ['none was refused']),
      ...(ready === 503 ? [] : [`/readyz is ${ready}`]),
      ...relay.surprises,
    ]
    return { told, bad }
  } finally {
    isOver = true
    await relay.stop()
    await judge.close()
  }
}

function shopHeaders(body: string): Record<string, string> {
  return {
    'x-shopify-topic': 'shop/update',
    'x-shopify-hmac-sha256': createHmac('sha256', shopSecret).update(body).digest('base64'),
  }
}

/** A volume that is gone for a while: the relay refuses, and goes on by itself. */
const movedDatabase: Scenario = async (folder) => {
  const data = join(folder, 'data')
  mkdirSync(data)
  const { bad, sent } = await stage(folder, {
    database: join(data, 'relay.db'),
    async meanwhile() {
      await sleep(400)
      renameSync(data, `${data}-away`)
      await sleep(noticedMs)
      renameSync(`${data}-away`, data)
    },
  })
  const refused = sent.answers.get('503') ?? 0
  return {
    told: `${refused} webhooks were told 503 and came again`,
    bad: refused > 0 ? bad : [...bad, 'never refused'],
  }
}

/** Killed under load, started with another name for its destination, which is another website; then the items are moved. */
const renamedDestination: Scenario = async (folder) => {
  const random = createRandom(peace.seed)
  const traffic = createTraffic(peace, random)
  const [before, after] = [
    await startJudge(peace, traffic.saves, random),
    await startJudge(peace, traffic.saves, random),
  ]
  const old = await startRelay({ folder, baseUrl: before.baseUrl, destination: 'old' })
  let relay = old
  try {
    const sent = await sendTraffic(traffic, old.origin, random)
    await old.stop()
    relay = await startRelay({ folder, baseUrl: after.baseUrl })
    after.relent()
    await relay.relent()
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ from: 'old', to: 'main' })
    const answer = await fetch(`${relay.origin}/api/v1/items/move`, { method: 'POST', headers, body })
    const { data } = (await answer.json()) as { data: { moved: number; superseded: number } }
    const other = await settle(relay, peace)
    const { verdicts } = after
    const lost = compare(traffic.saves, sent, after.held)
    const result = { lost, other: [...other, ...relay.surprises], ...verdicts } as unknown as Result
    const told = `${data.moved} items moved, of ${data.superseded} the new name knew a newer version`
    return { told, bad: data.moved > 0 ? badOf(result) : [...badOf(result), 'nothing was moved'] }
  } finally {
    await old.stop()
    await relay.stop()
    await before.close()
    await after.close()
  }
}

const scenarios: Readonly<Record<string, Scenario>> = {
  ...deliveryScenarios(stage),
  'disk full while receiving and settling': diskFull,
  'disk read-only for a while': readOnly,
  'half a write behind the write-ahead log': tornLog,
  'killed in the middle of a migration': migration,
  '10,000 connections that send a byte a second': slowSenders,
  'a source that floods beside one that does not': flood,
  'the database deleted under load': deletedDatabase,
  'the database moved away under load, and back': movedDatabase,
  'a destination renamed, and its items moved': renamedDestination,
  'a hundred reloads under traffic': reloadScenario(stage),
}

/** Faults that have a stage of their own. `only` is part of a name. */
export async function runScenarios(folder: string, only = ''): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const [scenario, run] of Object.entries(scenarios)) {
    if (!scenario.includes(only)) continue
    const own = join(folder, scenario.replace(/\W+/g, '-'))
    mkdirSync(own, { recursive: true })
    const finding = { scenario, ...(await run(own)) }
    findings.push(finding)
    console.log(`${finding.bad.length === 0 ? 'ok ' : 'BAD'} ${scenario}: ${finding.told}`)
    for (const line of finding.bad) console.log(`      ${line}`)
  }
  return findings
}
