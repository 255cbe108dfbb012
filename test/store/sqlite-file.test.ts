import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { closedCircuit } from '../../src/domain/circuit.ts'
import { readVersion } from '../../src/domain/version.ts'
import { createGroupCommit } from '../../src/store/shared/group-commit.ts'
import { openDatabase } from '../../src/store/sqlite/database.ts'
import { createInbox, type Inbox } from '../../src/store/sqlite/inbox.ts'
import { linkThread } from '../../src/store/sqlite/link.ts'
import { lockDatabase } from '../../src/store/sqlite/lock.ts'
import { migrate, readMigrations } from '../../src/store/sqlite/migrate.ts'
import { openSqlite, type SqliteOptions } from '../../src/store/sqlite/open.ts'
import { createPacker } from '../../src/store/sqlite/pack.ts'
import { createUpkeep } from '../../src/store/sqlite/upkeep.ts'
import { createFolder } from '../folder.ts'
import { startChild } from './children.ts'
import { spoilRows } from './damage.ts'
import {
  all,
  arrive,
  atTime,
  claimedEvents,
  clock,
  deliver,
  itemOf,
  lease,
  owner,
  pruneBefore,
  send,
  settle,
  start,
  tombstone,
  upsert,
  webhook,
} from './support.ts'

function newPath(): string {
  const folder = createFolder()
  return join(folder, 'data', 'relay.db')
}

/** The database of a relay that had so many migrations. */
function openOld(count: number) {
  const path = newPath()
  mkdirSync(dirname(path))
  const old = new DatabaseSync(path)
  migrate(old, path, { migrations: readMigrations().slice(0, count) })
  return { path, old }
}

async function openFile(path: string, options: SqliteOptions = { thread: false }) {
  const store = await openSqlite(path, { now: clock.now, ...options })
  onTestFinished(() => store.close())
  return store
}

/** How many files of this process are the one at this path. */
function timesOpen(path: string): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return null // it was that of the folder
    }
  })
  return targets.filter((target) => target === path).length
}

describe('SQLite in a thread of its own', () => {
  test('does all that it does in this one', async () => {
    const store = await openFile(newPath(), { lock: true })
    const bytes = Buffer.from([0, 255, 1])
    const [[first], [second]] = await Promise.all([
      store.accept([webhook({ deliveryId: 'd1', body: bytes })]),
      store.accept([webhook({ deliveryId: 'd1' })]),
    ])
    expect(second).toEqual({ eventId: first!.eventId, duplicate: true })
    expect((await store.getEvent(first!.eventId))!.body.equals(bytes)).toBe(true)
    await expect(store.accept([webhook({ receivedAt: 0.5 })])).rejects.toMatchObject({ code: 'invalid' })
    const [event] = await atTime(store, start).claimEvents({ owner, leaseMs: lease, limit: 1 })
    expect(event).toMatchObject({ id: first!.eventId, headers: webhook().headers })
    expect(Buffer.from(event!.body).equals(bytes)).toBe(true)

    await arrive(store, [upsert('p1', 'A')])
    const batch = await send(store)
    await settle(store, batch, { kind: 'retry', nextAt: start, error: 'status 503' })
    const claim = { owner, destination: 'main', leaseMs: lease }
    const sealed = await store.claimBatch(claim)
    expect(sealed).toMatchObject({ key: batch.key, items: batch.items })
    expect(sealed!.body.equals(batch.body)).toBe(true)
    expect(await itemOf(store, 'p1')).toMatchObject({ status: 'pending' })

    await store.changeCircuit('main', 0, closedCircuit(start))
    expect(await store.circuitsSince(0)).toMatchObject([{ destination: 'main', circuit: closedCircuit(start) }])
    expect((await store.readStats()).destinations).toMatchObject([{ destination: 'main', pending: 1 }])
    await expect(store.listEvents({}, { limit: 1, cursor: 'x' })).rejects.toMatchObject({ code: 'invalid' })
    await store.close()
    await expect(store.accept([webhook()])).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('a large database is read over a connection of its own, a small one over that of its writer', async () => {
    const read = async (readerFrom: number) => {
      const path = newPath()
      const store = await openFile(path, { lock: true, readerFrom })
      const [accepted] = await store.accept([webhook({ deliveryId: 'd1' })])
      const { rows } = await store.listEvents({}, { limit: 9 })
      expect(rows).toMatchObject([{ id: accepted!.eventId }])
      const opened = timesOpen(path)
      await store.close()
      expect(timesOpen(path)).toBe(0)
      return opened
    }
    expect((await read(1)) - (await read(1_000_000_000))).toBe(1)
  })

  test('takes back every claim and lease at its start: the lock says that nobody else is at work', async () => {
    const path = newPath()
    const beside = await openFile(path)
    await claimedEvents(beside, 1, start, 'gone')
    await arrive(beside, [upsert('p1', 'A')])
    const batch = await send(beside)
    await beside.lease('prune', 'gone', lease)
    const command = await openFile(path)
    expect(await command.claimBatch({ owner: 'b', destination: 'main', leaseMs: lease })).toBeNull()
    const relay = await openFile(path, { lock: true })
    expect(await relay.claimEvents({ owner: 'b', leaseMs: lease, limit: 9 })).toHaveLength(1)
    expect(await relay.claimBatch({ owner: 'b', destination: 'main', leaseMs: lease })).toMatchObject({
      key: batch.key,
    })
    expect(await relay.lease('prune', 'b', lease)).toBe(true)
  })

  test('a thread that dies rejects every call as unavailable, then and later', async () => {
    const link = await linkThread('relay.db', {}, new URL('./crashing-thread.ts', import.meta.url))
    const calls = [link.call('readStats'), link.call('checkHealth')]
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'unavailable' })
    await expect(link.call('checkHealth')).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('a file that can not be opened is reported by the thread too', async () => {
    const path = newPath()
    await (await openSqlite(path, { thread: false })).close()
    writeFileSync(path, 'this is no database, and it is longer than nothing'.repeat(100))
    await expect(openSqlite(path)).rejects.toMatchObject({ code: 'unavailable' })
  })
})

test('a new database is for its owner alone, with its log; one that is there keeps its permissions', async () => {
  const path = newPath()
  const before = process.umask(0o022)
  onTestFinished(() => void process.umask(before))
  const store = await openFile(path)
  await store.accept([webhook()])
  const modeOf = (ending: string) => (statSync(`${path}${ending}`).mode & 0o777).toString(8)
  expect(['', '-wal', '-shm'].map(modeOf)).toEqual(['600', '600', '600'])
  await store.close()
  chmodSync(path, 0o640)
  await (await openFile(path)).accept([webhook()])
  expect(['', '-wal', '-shm'].map(modeOf)).toEqual(['640', '640', '640'])
})

describe('a crash', () => {
  test('a process killed while it accepts has kept all that it acknowledged', async () => {
    const path = newPath()
    const child = startChild('accept-forever.ts', [path])
    expect(await child.line()).toBe('open')
    const acknowledged = []
    while (acknowledged.length < 300) acknowledged.push(await child.line())
    await child.kill()
    const store = await openFile(path, { lock: true, thread: false })
    for (const deliveryId of acknowledged) {
      const [again] = await store.accept([webhook({ deliveryId })])
      expect(again!.duplicate).toBe(true)
      expect((await store.getEvent(again!.eventId))!.body.toString()).toBe(deliveryId.repeat(100))
    }
  })

  test('a second relay on the same file is refused, a CLI is not, and a killed relay leaves no lock behind', async () => {
    const path = newPath()
    const child = startChild('accept-forever.ts', [path])
    await child.line()
    const refused = openSqlite(path, { lock: true, thread: false })
    await expect(refused).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(path) })
    const cli = await openFile(path)
    await cli.accept([webhook({ deliveryId: 'by the CLI' })])
    await child.kill()
    await openFile(path, { lock: true, thread: false })
  })

  test('a relay that could not open its file holds no lock', async () => {
    const path = newPath()
    await (await openSqlite(path, { thread: false })).close()
    const good = readFileSync(path)
    writeFileSync(path, Buffer.alloc(8192, 7))
    await expect(openSqlite(path, { lock: true, thread: false })).rejects.toMatchObject({ code: 'unavailable' })
    writeFileSync(path, good)
    await openFile(path, { lock: true, thread: false })
  })
})

describe('a file that is not as it should be', () => {
  test('the folder is made', async () => {
    const path = newPath()
    await openFile(path)
    expect(existsSync(path)).toBe(true)
  })

  /** What a relay says at its start; null where it starts. */
  async function complaintOf(path: string): Promise<string | null> {
    try {
      await openFile(path, { lock: true, thread: false })
      return null
    } catch (error) {
      expect(error).toMatchObject({ name: 'RelayError', code: 'unavailable' })
      return (error as Error).message
    }
  }

  /** A database with some content, closed. */
  async function filled(): Promise<string> {
    const path = newPath()
    const store = await openSqlite(path, { thread: false })
    for (let index = 0; index < 200; index += 1) await arrive(store, [upsert(`p${index}`, 'x'.repeat(500))])
    await store.close()
    return path
  }

  test('a sound one is opened', async () => expect(await complaintOf(await filled())).toBe(null))

  test('a file that is no database is named, with what to do', async () => {
    const path = newPath()
    await (await openSqlite(path, { thread: false })).close()
    writeFileSync(path, Buffer.alloc(8192, 7))
    expect(await complaintOf(path)).toBe(
      `database ${path} is not a database: file is not a database. Keep the files and restore a backup (docs/recovery.md)`,
    )
  })

  test('a database cut short is refused at the start, by whomever', async () => {
    const path = await filled()
    truncateSync(path, 4096 * 20)
    const words = `database ${path} is damaged: database disk image is malformed. Keep the files and restore a backup`
    expect(await complaintOf(path)).toContain(words)
    await expect(openSqlite(path, { thread: false })).rejects.toThrow(words) // a command
    await expect(openSqlite(path, { lock: true })).rejects.toThrow(words) // in a thread
  })

  test('a page that is spoilt is found at the start, not one day in the middle of the work', async () => {
    const path = await filled()
    spoilRows(path)
    expect(await complaintOf(path)).toMatch(/^database .* is damaged: .*page.* Keep the files and restore a backup/)
    await openFile(path) // a command beside the relay does not read every page first
  })

  test('a log that was taken away is missed, and can be done without', async () => {
    const path = newPath()
    const child = startChild('accept-forever.ts', [path])
    while ((await child.line()) !== 'd99');
    await child.kill()
    const log = readFileSync(`${path}-wal`)
    rmSync(`${path}-wal`)
    expect(await complaintOf(path)).toMatch(/^database .* has lost its log: .*-wal is missing/)
    await expect(openSqlite(path)).rejects.toThrow('has lost its log')

    writeFileSync(`${path}-wal`, log)
    const store = await openSqlite(path, { thread: false })
    expect((await store.accept([webhook({ deliveryId: 'd99' })]))[0]!.duplicate).toBe(true)
    await store.close()

    writeFileSync(`${path}-shm`, '')
    expect(await complaintOf(path)).toContain(`to go on without what stood in it, delete ${path}-shm`)
    rmSync(`${path}-shm`)
    expect(await complaintOf(path)).toBe(null)
  })

  test('a folder in its place is named', async () => {
    const path = newPath()
    mkdirSync(path, { recursive: true })
    expect(await complaintOf(path)).toBe(`database ${path} is a folder`)
  })

  test('files that belong to another user are named with both', async () => {
    const path = await filled()
    chmodSync(join(path, '../..'), 0o755)
    chmodSync(path, 0o400)
    // The administrator may write everything, so another user has to try.
    const isRoot = process.getuid?.() === 0
    const script = fileURLToPath(new URL('open-once.ts', import.meta.url))
    const { stdout } = spawnSync(process.execPath, [script, path], {
      encoding: 'utf8',
      ...(isRoot && { uid: 65534, gid: 65534 }),
    })
    const file = isRoot ? join(path, '..') : path // the folder comes first: the log is made there
    const uid = process.getuid?.()
    expect(stdout).toMatch(
      new RegExp(
        `^unavailable: database ${path} is (not to be opened|read-only): ${file} belongs to uid ${uid} \\(mode \\d{3}\\), and this process is uid ${isRoot ? 65534 : uid}\n$`,
      ),
    )
  })

  test('the database of another program is refused and left alone', async () => {
    const path = newPath()
    await (await openSqlite(path, { thread: false })).close()
    rmSync(path)
    const other = new DatabaseSync(path)
    other.exec('create table notes (text)')
    other.close()
    await expect(openSqlite(path, { thread: false })).rejects.toThrow('belongs to another program')
  })

  test('a database of the first version is brought to this one with everything that is in it', async () => {
    const { path, old } = openOld(1)
    old.exec(`
      insert into events (seq, source, delivery_id, topic, status, reason, received_at, settled_at, bytes)
        values (3, 'shop', null, 't', 'skipped', 'stale', ${start}, ${start + 1}, 2), (7, 'shop', 'd', null, 'pending', null, ${start}, null, 2);
      insert into event_bodies (seq, method, path, query, headers, body)
        values (3, 'POST', '/', '', '{}', x'7b7d'), (7, 'POST', '/', '', '{}', x'7b7d');
      insert into event_claims (seq, owner, lease_until) values (7, 'relay-0', ${start + lease});
      update event_position set last = 7, indexed = 0;
    `)
    old.close()
    const store = await openFile(path)
    expect(await store.getEvent('evt_3')).toMatchObject({ status: 'skipped', reason: 'stale', topic: 't', fetches: [] })
    const claimed = await atTime(store, start).claimEvents({ owner, leaseMs: lease, limit: 9 })
    expect(claimed).toMatchObject([{ seq: 7, deliveryId: 'd' }])
    const [next] = await store.accept([webhook()])
    expect(next).toEqual({ eventId: 'evt_8', duplicate: false })
    expect((await store.listEvents({}, { limit: 9 })).rows).toHaveLength(3)
    expect(await pruneBefore(store, { events: start + lease, attempts: 0 }, 9)).toBe(1)
    const rows = new DatabaseSync(path).prepare('select seq from event_bodies order by seq').all()
    expect(rows.map(({ seq }) => seq)).toEqual([7, 8])
  })

  test('webhooks that an older relay has left in its inbox come out of it whole', async () => {
    const { path, old } = openOld(4)
    const headers = [{ host: 'a.example', 'x-topic': 'é "1"', __proto__x: '' }, {}, { 'x-topic': '2' }]
    const insert = old.prepare('insert into inbox (first_seq, count, received_at, rows, bodies) values (?, ?, ?, ?, ?)')
    const rowsFor = (ids: readonly (string | null)[]) =>
      JSON.stringify(ids.map((id, at) => ['shop', id, 't"é', start, 'POST', '/webhooks/shop', 'a=1', 2, headers[at]]))
    insert.run(1, 3, start, rowsFor(['d0', 'd1', 'd2']), Buffer.from('{}[]""'))
    insert.run(4, 1, start, rowsFor([null]), Buffer.from('{}'))
    old.close()
    const store = await openFile(path)
    const [again] = await store.accept([webhook({ source: 'shop', deliveryId: 'd1' })])
    expect(again).toEqual({ eventId: 'evt_2', duplicate: true })
    const claimed = await atTime(store, start).claimEvents({ owner, leaseMs: lease, limit: 9 })
    expect(claimed.map(({ seq, topic, headers, body }) => [seq, topic, headers, Buffer.from(body).toString()])).toEqual(
      [
        [1, 't"é', headers[0], '{}'],
        [2, 't"é', headers[1], '[]'],
        [3, 't"é', headers[2], '""'],
        [4, 't"é', headers[0], '{}'],
      ],
    )
  })

  test('what an older relay has kept with a version that lies ahead is set free', async () => {
    const { path, old } = openOld(6)
    old.exec(`
      insert into items (destination, type, id, source, status, kind, checksum, version, bare_tombstone, event_seq, revision,
        bytes, changed_at, delivered_kind, delivered_checksum, delivered_at, may_exist)
      values ('main', 'product', 'p1', 'shop', 'delivered', 'upsert', 'sha256:A', 't:2099-01-01T00:00:00.000000000Z', 0, 1, 1,
        9, ${start}, 'upsert', 'sha256:A', ${start}, 1)`)
    old.close()
    const store = await openFile(path)
    expect(await itemOf(store, 'p1')).toMatchObject({ held: false, removed: false, eventId: 'evt_1' })
    const version = readVersion(new Date(start + 1_000).toISOString())
    expect(await arrive(store, [tombstone('p1', { version })], start + 2_000)).toMatchObject({ applied: 1 })
  })

  test('no command migrates the database of an older relay that is at work on it', async () => {
    const { path, old } = openOld(4)
    old.close()
    const unlock = lockDatabase(path)
    const error = { code: 'conflict', message: expect.stringContaining('in use by an older cms-relay: stop it') }
    await expect(openSqlite(path, { thread: false })).rejects.toMatchObject(error)
    unlock()
    await (await openSqlite(path, { thread: false })).close()
    const again = lockDatabase(path)
    onTestFinished(again)
    await (await openSqlite(path, { thread: false })).close()
  })

  test('a database written by a newer relay is refused', async () => {
    const path = newPath()
    await (await openSqlite(path, { thread: false })).close()
    const newer = new DatabaseSync(path)
    newer.exec("insert into migrations (number, name, checksum) values (9999, '9999-later.sql', 'x')")
    newer.close()
    const error = { code: 'unavailable', message: expect.stringContaining('newer cms-relay') }
    await expect(openSqlite(path, { thread: false })).rejects.toMatchObject(error)
  })
})

describe('a disk that does not take more', () => {
  test('a full disk refuses, keeps what was acknowledged, and takes what fits again', async () => {
    const store = await openFile(newPath(), { thread: false, maxPages: 200 })
    let kept = 0
    const error = await (async () => {
      for (;;) {
        await store.accept([webhook({ body: Buffer.alloc(50_000) })])
        kept += 1
      }
    })().catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'unavailable', retryAfterMs: expect.any(Number) })
    expect(kept).toBeGreaterThan(3)
    expect((await store.listEvents({}, all())).rows).toHaveLength(kept)
    const [small] = await store.accept([webhook({ deliveryId: 'small' })])
    expect((await store.getEvent(small!.eventId))!.deliveryId).toBe('small')
  })

  test('a commit that fails fails for all who share it, and nobody is told otherwise', async () => {
    const store = await openFile(newPath(), { thread: false, maxPages: 100 })
    const sizes = [10, 1_000_000, 10]
    const together = sizes.map((size) => store.accept([webhook({ deliveryId: `d${size}`, body: Buffer.alloc(size) })]))
    for (const { status } of await Promise.allSettled(together)) expect(status).toBe('rejected')
    expect((await store.accept([webhook({ deliveryId: 'd10' })]))[0]!.duplicate).toBe(false)
  })

  test('the health check fails on a full disk', async () => {
    const store = await openFile(newPath(), { thread: false, maxPages: 90 })
    await store.checkHealth()
    for (let size = 64_000; size >= 500; size /= 2) {
      while (await fits(store.accept([webhook({ body: Buffer.alloc(size) })])));
    }
    await expect(store.checkHealth()).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('while another process writes too long the store is unavailable, and then it is not', async () => {
    const path = newPath()
    const store = await openFile(path, { thread: false, busyTimeoutMs: 10 })
    const other = new DatabaseSync(path)
    onTestFinished(() => other.close())
    other.exec('begin immediate')
    await expect(store.accept([webhook({ deliveryId: 'd1' })])).rejects.toMatchObject({ code: 'unavailable' })
    await expect(store.checkHealth()).rejects.toMatchObject({ code: 'unavailable' })
    other.exec('rollback')
    expect((await store.accept([webhook({ deliveryId: 'd1' })]))[0]!.duplicate).toBe(false)
    await store.checkHealth()
  })
})

async function fits(accepted: Promise<unknown>): Promise<boolean> {
  return accepted.then(
    () => true,
    () => false,
  )
}

describe('group commit', () => {
  test('callers of one moment share a commit, and those who come meanwhile share the next', async () => {
    const sizes: number[] = []
    const committing = Promise.withResolvers<void>()
    const group = createGroupCommit(async (events) => {
      sizes.push(events.length)
      await committing.promise
      return events.map(() => 1)
    })
    const first = Array.from({ length: 5 }, () => group.accept([webhook()]))
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    const second = Array.from({ length: 7 }, () => group.accept([webhook()]))
    committing.resolve()
    await Promise.all([...first, ...second])
    expect(sizes).toEqual([5, 7])
  })

  test('a commit takes a bounded number of events and bytes', async () => {
    const sizes: number[] = []
    const group = createGroupCommit(async (events) => {
      sizes.push(events.length)
      return events.map(() => 1)
    })
    await Promise.all(Array.from({ length: 600 }, () => group.accept([webhook()])))
    await Promise.all(Array.from({ length: 3 }, () => group.accept([webhook({ body: Buffer.alloc(5_000_000) })])))
    expect(sizes).toEqual([256, 256, 88, 1, 1, 1])
  })
})

describe('the inbox', () => {
  const pack = createPacker()
  const accept = (inbox: Inbox, ids: readonly string[]) =>
    inbox.acceptAll(pack(ids.map((deliveryId) => webhook({ deliveryId }))))
  const isKnown = (inbox: Inbox, ids: readonly string[]) => accept(inbox, ids).every((seq) => seq < 0)
  const isNew = (inbox: Inbox, ids: readonly string[]) => accept(inbox, ids).every((seq) => seq > 0)
  /** Two processes over one file; the database is that of the other one. */
  const openTwo = () => {
    const path = newPath()
    const [own, database] = [openDatabase(path), openDatabase(path)]
    for (const { db } of [own, database]) onTestFinished(() => db.close())
    return { mine: createInbox(own), other: createInbox(database), database }
  }

  test('finds a delivery where it lies, spread out, while it is sorted in, in the index and after a restart', () => {
    const path = newPath()
    const database = openDatabase(path)
    const inbox = createInbox(database, { tailMax: 50 })
    const ids = Array.from({ length: 230 }, (_, index) => `d${index}`)
    for (let done = 0; done < ids.length; done += 10) {
      expect(isNew(inbox, ids.slice(done, done + 10))).toBe(true)
      expect(isKnown(inbox, ids.slice(0, done + 10))).toBe(true)
      if (done % 30 === 0) inbox.spread(25)
    }
    const { last, indexed } = database.db.prepare('select last, indexed from event_position').get() as {
      last: number
      indexed: number
    }
    expect(indexed).toBeGreaterThan(100)
    expect(last).toBeLessThan(230)
    database.db.close()
    const again = openDatabase(path)
    onTestFinished(() => again.db.close())
    const reopened = createInbox(again, { tailMax: 50 })
    expect(isKnown(reopened, ids)).toBe(true)
    expect(reopened.spread(1_000)).toBe(230 - last)
    expect(isKnown(reopened, ids)).toBe(true)
  })

  test('takes no delivery for new that it knows while it learns again what was there before, and outgrows its memory', () => {
    const path = newPath()
    const open = () => {
      const database = openDatabase(path)
      return { database, inbox: createInbox(database, { tailMax: 100, seen: { least: 64, learnedAtOnce: 20 } }) }
    }
    const ids = Array.from({ length: 600 }, (_, index) => `d${index}`)
    const first = open()
    for (let done = 0; done < ids.length; done += 30) {
      const some = ids.slice(done, done + 30)
      expect(accept(first.inbox, [...some, ...some].toSorted())).toHaveLength(60)
      expect(isKnown(first.inbox, ids.slice(0, done + 30))).toBe(true)
      first.inbox.acceptAll(pack([webhook()])) // one without an id
      first.inbox.spread(25)
    }
    first.database.db.close()
    const { database, inbox } = open()
    onTestFinished(() => database.db.close())
    for (let done = 0; done < ids.length; done += 10) {
      expect(isKnown(inbox, ids.slice(done, done + 10))).toBe(true)
      expect(isNew(inbox, [`e${done}`])).toBe(true)
      inbox.spread(1)
    }
    expect(isKnown(inbox, ids)).toBe(true)
  })

  test('forgets those of events that are pruned', () => {
    const database = openDatabase(':memory:')
    onTestFinished(() => database.db.close())
    const inbox = createInbox(database, { tailMax: 1 })
    accept(inbox, ['a', 'b', 'c'])
    inbox.spread(10)
    accept(inbox, ['d'])
    inbox.spread(10)
    const indexed = () =>
      database.db
        .prepare('select seq from delivery_index order by seq')
        .all()
        .map(({ seq }) => seq)
    expect(indexed()).toEqual(expect.arrayContaining([1, 2, 3]))
    database.db.exec("update events set status = 'processed', settled_at = 1")
    createUpkeep(database).prune({ events: [1, 2], batches: [] }, { events: start + 1, attempts: 0 })
    expect(indexed()).not.toContain(1)
    expect(indexed()).toEqual(expect.arrayContaining([3]))
    expect(accept(inbox, ['a', 'c'])).toEqual([5, -3])
  })

  test('takes no more memory where one old event is left of very many', () => {
    const database = openDatabase(':memory:')
    onTestFinished(() => database.db.close())
    const before = createInbox(database)
    accept(before, ['a'])
    before.spread(1)
    const ago = 20_000_000_000
    database.db.exec(`update event_position set last = ${ago}, indexed = ${ago}; insert into delivery_index
      select delivery_hash, seq from events`)
    const held = process.memoryUsage().arrayBuffers // with what the tests before have left to be collected
    expect(accept(createInbox(database), ['a', 'b'])).toEqual([-1, ago + 1])
    const taken = process.memoryUsage().arrayBuffers - held
    expect(taken).toBeLessThan(96 * 1024 * 1024)
  })

  test('asks no index for deliveries that are new', () => {
    const database = openDatabase(':memory:')
    onTestFinished(() => database.db.close())
    const inbox = createInbox(database)
    accept(inbox, ['a', 'b'])
    inbox.spread(10)
    database.db.exec('drop table delivery_index')
    const many = Array.from({ length: 50 }, (_, index) => `n${index}`)
    expect(isNew(inbox, many)).toBe(true)
    expect(() => accept(inbox, ['a'])).toThrow('delivery_index')
  })

  test('has learned after a while what was there before, also where each commit brings more than it learns at least', () => {
    const database = openDatabase(':memory:')
    onTestFinished(() => database.db.close())
    const many = (name: string) => Array.from({ length: 50 }, (_, index) => `${name} ${index}`)
    const before = createInbox(database)
    for (let done = 0; done < 10; done += 1) accept(before, many(`before ${done}`))
    before.spread(500)
    const inbox = createInbox(database, { seen: { learnedAtOnce: 20 } })
    for (let done = 0; done < 12; done += 1) {
      expect(isNew(inbox, many(`new ${done}`))).toBe(true)
      inbox.spread(50)
    }
    database.db.exec('drop table delivery_index')
    expect(isNew(inbox, many('without the index'))).toBe(true)
  })

  test('knows what another process has accepted and spread out', () => {
    const { mine, other } = openTwo()
    expect(accept(mine, ['a', 'b'])).toEqual([1, 2])
    expect(accept(other, ['b', 'c'])).toEqual([-2, 3])
    other.spread(1_000)
    expect(accept(mine, ['c', 'a', 'd'])).toEqual([-3, -1, 4])
    expect(accept(other, ['d', 'd', 'e', 'e'])).toEqual([-4, -4, 5, -5])
  })

  test('knows a delivery that came again to another process, after the event that it first was had been removed', () => {
    const { mine, other, database } = openTwo()
    expect(accept(mine, ['a'])).toEqual([1])
    other.spread(1)
    database.db.exec('delete from events')
    expect(accept(other, ['a'])).toEqual([2])
    expect(accept(mine, ['a'])).toEqual([-2])
  })

  test('is spread out by who accepts once it holds more than is usual', () => {
    const database = openDatabase(':memory:')
    onTestFinished(() => database.db.close())
    const inbox = createInbox(database, { usualMax: 20 })
    const held = () => database.db.prepare('select coalesce(sum(count), 0) as held from inbox').get()!['held']
    for (let done = 0; done < 100; done += 5)
      accept(
        inbox,
        Array.from({ length: 5 }, (_, index) => `d${done + index}`),
      )
    expect(held()).toBeLessThanOrEqual(30)
    expect(database.db.prepare('select count(*) as spread from events').get()).toEqual({ spread: 100 - Number(held()) })
  })

  test('spreads out fewer events at once where their bodies are large', async () => {
    const database = openDatabase(':memory:')
    onTestFinished(() => database.db.close())
    const inbox = createInbox(database)
    const large = webhook({ body: Buffer.alloc(3 * 1024 * 1024) })
    for (let count = 0; count < 5; count += 1) inbox.acceptAll(pack([large]))
    expect([inbox.spread(100), inbox.spread(100), inbox.spread(100)]).toEqual([3, 2, 0])
  })

  test('each commit keeps its own bodies, small ones and those of more than a megabyte', async () => {
    const store = await openFile(newPath())
    const sizes = [10, 1024 * 1024 - 10, 1, 3 * 1024 * 1024, 20, 0, 30]
    const bodies = sizes.map((size, index) => Buffer.alloc(size, index + 1))
    const atOnce = await Promise.all(bodies.map((body) => store.accept([webhook({ body })])))
    const oneByOne = []
    for (const body of bodies) oneByOne.push(await store.accept([webhook({ body })]))
    const kept = await Promise.all([...atOnce, ...oneByOne].map(([one]) => store.getEvent(one!.eventId)))
    expect([...bodies, ...bodies].map((body, index) => body.equals(kept[index]!.body))).toEqual(kept.map(() => true))
  })

  test('a group with duplicates keeps the others with their own bodies', async () => {
    const store = await openFile(newPath())
    const bodies = ['a', 'bb', '', 'dddd']
    await store.accept([webhook({ deliveryId: 'bb', body: Buffer.from('first') })])
    const accepted = await store.accept(bodies.map((text) => webhook({ deliveryId: text, body: Buffer.from(text) })))
    expect(accepted.map(({ duplicate }) => duplicate)).toEqual([false, true, false, false])
    const kept = await Promise.all(accepted.map(({ eventId }) => store.getEvent(eventId)))
    expect(kept.map((event) => event!.body.toString())).toEqual(['a', 'first', '', 'dddd'])
  })
})

test('what is delivered is there after a restart', async () => {
  const path = newPath()
  const store = await openSqlite(path, { thread: false })
  await arrive(store, [upsert('p1', 'A')])
  await deliver(store)
  await store.close()
  expect(await itemOf(await openFile(path), 'p1')).toMatchObject({ status: 'delivered', deliveredChecksum: 'sha256:A' })
})
