import fs, {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/store/contract/store.ts'
import { backupStore } from '../../src/store/open.ts'
import { readMigrations } from '../../src/store/sqlite/migrate.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { createFolder } from '../folder.ts'
import { startChild } from './children.ts'
import { spoilRows } from './damage.ts'
import { arrive, deliver, itemOf, upsert, webhook } from './support.ts'

async function openFile(path: string): Promise<Store> {
  const store = await openSqlite(path, { thread: false })
  onTestFinished(() => store.close())
  return store
}

const gentle = { force: false }

test('a backup is one file for its owner alone, with everything in it', async () => {
  const folder = createFolder()
  const store = await openFile(join(folder, 'relay.db'))
  await arrive(store, [upsert('p1', 'A')])
  await deliver(store)
  await store.accept([webhook({ deliveryId: 'waits in the inbox', body: Buffer.from('its bytes') })])

  const file = join(folder, 'backup.db')
  const done = await backupStore(`sqlite:${folder}/relay.db`, file, gentle)
  expect(done).toEqual({ file: file, bytes: statSync(file).size, schema: readMigrations().length })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual(['backup.db'])

  const restored = await openFile(file)
  expect(await itemOf(restored, 'p1')).toMatchObject({ status: 'delivered', deliveredChecksum: 'sha256:A' })
  const [again] = await restored.accept([webhook({ deliveryId: 'waits in the inbox' })])
  expect(again!.duplicate).toBe(true)
  expect((await restored.getEvent(again!.eventId))!.body.toString()).toBe('its bytes')
})

test('a backup is on disk before it has its name, and its name before the answer', async () => {
  const folder = createFolder()
  await arrive(await openFile(join(folder, 'relay.db')), [upsert('p1', 'A')])
  const file = join(folder, 'backup.db')
  const synced: string[] = []
  const { fsyncSync } = fs
  fs.fsyncSync = (descriptor) => {
    synced.push(`${readlinkSync(`/proc/self/fd/${descriptor}`)}${existsSync(file) ? ', which has its name' : ''}`)
    fsyncSync(descriptor)
  }
  syncBuiltinESMExports()
  onTestFinished(() => {
    fs.fsyncSync = fsyncSync
    syncBuiltinESMExports()
  })
  for (const options of [gentle, { force: true }]) {
    await backupStore(`sqlite:${folder}/relay.db`, file, options)
    expect(synced.splice(0)).toEqual([
      `${file}.part${options.force ? ', which has its name' : ''}`, // the one before still has it
      `${folder}, which has its name`,
    ])
  }
})

test('the copy is of one moment and comes to an end, however fast another process goes on accepting', async () => {
  const folder = createFolder()
  const path = join(folder, 'relay.db')
  const store = await openFile(path)
  // More than the copying takes in one step.
  for (let megabytes = 0; megabytes < 20; megabytes += 1) {
    await store.accept([webhook({ deliveryId: `m${megabytes}`, body: Buffer.alloc(1_000_000, megabytes) })])
  }
  const child = startChild('accept-forever.ts', [path])
  await child.line()
  const acknowledged: string[] = []
  while (acknowledged.length < 50) acknowledged.push(await child.line())
  const shares: number[] = []
  const during = (async () => {
    for (let lines = 0; lines < 50; lines += 1) await child.line()
  })()
  const { file } = await backupStore(`sqlite:${path}`, join(folder, 'backup.db'), {
    ...gentle,
    onProgress: ({ phase, share }) => phase === 'copy' && shares.push(share),
  })
  await during
  await child.kill()
  expect(shares.length).toBeGreaterThan(2)
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))

  const restored = await openFile(file)
  for (const deliveryId of [...acknowledged, 'm0', 'm19']) {
    expect((await restored.accept([webhook({ deliveryId })]))[0]!.duplicate, deliveryId).toBe(true)
  }
})

test('nothing that is there is overwritten but by force, and the database itself not even so', async () => {
  const folder = createFolder()
  const url = `sqlite:${folder}/relay.db`
  await openFile(join(folder, 'relay.db'))
  const taken = join(folder, 'taken')
  writeFileSync(taken, 'precious')
  await expect(backupStore(url, taken, gentle)).rejects.toThrow(/exists already/)
  expect(readFileSync(taken, 'utf8')).toBe('precious')
  for (const own of ['relay.db', 'relay.db-wal', 'relay.db-lock']) {
    const before = existsSync(join(folder, own)) && readFileSync(join(folder, own))
    const refused = backupStore(url, join(folder, own), { force: true })
    await expect(refused, own).rejects.toThrow(/is the database itself/)
    expect(existsSync(join(folder, own)) && readFileSync(join(folder, own))).toEqual(before)
  }
  chmodSync(taken, 0o644)
  await backupStore(url, taken, { force: true })
  expect(statSync(taken).mode & 0o777).toBe(0o600)
  expect(new DatabaseSync(taken).prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })

  writeFileSync(join(folder, 'open.db-wal'), 'a log')
  await expect(backupStore(url, join(folder, 'open.db'), { force: true })).rejects.toMatchObject({ code: 'conflict' })
  await expect(backupStore(url, join(folder, 'no', 'b.db'), gentle)).rejects.toMatchObject({ code: 'invalid' })
  await expect(backupStore(url, folder, gentle)).rejects.toThrow(/is a folder/)
})

test('a link that someone has put where the backup goes leads it nowhere else', async () => {
  const folder = createFolder()
  const url = `sqlite:${folder}/relay.db`
  await openFile(join(folder, 'relay.db'))
  const elsewhere = join(folder, 'elsewhere')
  writeFileSync(elsewhere, 'precious')
  for (const name of ['backup.db', 'other.db.part']) symlinkSync(elsewhere, join(folder, name))
  await expect(backupStore(url, join(folder, 'backup.db'), gentle)).rejects.toThrow(/exists already/)
  await expect(backupStore(url, join(folder, 'other.db'), { force: true })).rejects.toThrow(/other\.db\.part is there/)
  await backupStore(url, join(folder, 'backup.db'), { force: true })
  expect(lstatSync(join(folder, 'backup.db')).isSymbolicLink()).toBe(false)
  expect(readFileSync(elsewhere, 'utf8')).toBe('precious')
})

test('what is no database of ours, or not sound, gives no backup', async () => {
  const folder = createFolder()
  const target = join(folder, 'backup.db')
  const missing = backupStore(`sqlite:${folder}/none.db`, target, gentle)
  await expect(missing).rejects.toMatchObject({ code: 'not_found' })

  const foreign = new DatabaseSync(join(folder, 'other.db'))
  foreign.exec('create table notes (text)')
  const others = backupStore(`sqlite:${folder}/other.db`, target, gentle)
  await expect(others).rejects.toThrow('belongs to another program')

  const path = join(folder, 'relay.db')
  const store = await openSqlite(path, { thread: false })
  for (let index = 0; index < 200; index += 1) await arrive(store, [upsert(`p${index}`, 'x'.repeat(500))])
  await store.close()
  spoilRows(path)
  await expect(backupStore(`sqlite:${path}`, target, gentle)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/is not sound, so no backup was written: /),
  })
  expect(readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual([])
})

test('an interrupted backup leaves nothing behind', async () => {
  const folder = createFolder()
  const store = await openFile(join(folder, 'relay.db'))
  await store.accept(Array.from({ length: 10 }, () => webhook({ body: Buffer.alloc(1_000_000) })))
  const controller = new AbortController()
  const interrupted = backupStore(`sqlite:${folder}/relay.db`, join(folder, 'backup.db'), {
    ...gentle,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  })
  await expect(interrupted).rejects.toThrow(/interrupted/)
  expect(readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual([])
})
