import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/store/contract/store.ts'
import { backupStore } from '../../src/store/open.ts'
import { openSqlite, type SqliteOptions } from '../../src/store/sqlite/open.ts'
import { createFolder } from '../folder.ts'
import { startChild } from './children.ts'
import { arrive, upsert, webhook } from './support.ts'

/** Looks at the files before each commit. */
const relay: SqliteOptions = { lock: true, thread: false, lookEveryMs: 0 }

async function open(path: string, options = relay): Promise<Store> {
  const store = await openSqlite(path, options)
  onTestFinished(() => store.close().catch(() => {}))
  return store
}

async function filled(): Promise<{ readonly path: string; readonly store: Store }> {
  const path = join(createFolder(), 'data', 'relay.db')
  const store = await open(path)
  for (let index = 0; index < 50; index += 1) await arrive(store, [upsert(`p${index}`, 'x'.repeat(2_000))])
  return { path, store }
}

const remains = createFolder(afterAll)

/** What a relay leaves that is killed after it has acknowledged so much. */
beforeAll(async () => {
  const child = startChild('accept-forever.ts', [join(remains, 'relay.db')], afterAll)
  while ((await child.line()) !== 'd99');
  await child.kill()
})

/** A copy of what a relay has left that was killed. */
function killed(): string {
  const folder = join(createFolder(), 'data')
  cpSync(remains, folder, { recursive: true })
  return join(folder, 'relay.db')
}

async function complaintOf(path: string, options = relay): Promise<string | null> {
  try {
    await (await openSqlite(path, options)).close()
    return null
  } catch (error) {
    expect(error).toMatchObject({ name: 'RelayError', code: 'unavailable' })
    return (error as Error).message
  }
}

/** What takes the database away from a relay that has it open, and what is said of it. */
const losses: readonly (readonly [what: string, says: RegExp, act: (path: string) => void | Promise<void>])[] = [
  ['the file is deleted', /relay\.db was deleted or moved away/, (path) => rmSync(path)],
  [
    'the folder is deleted',
    /relay\.db was deleted or moved away/,
    (path) => rmSync(dirname(path), { recursive: true }),
  ],
  [
    'the folder is renamed',
    /relay\.db was deleted or moved away/,
    (path) => renameSync(dirname(path), `${dirname(path)}-old`),
  ],
  [
    'the folder is replaced',
    /relay\.db was replaced/,
    (path) => {
      renameSync(dirname(path), `${dirname(path)}-old`)
      cpSync(`${dirname(path)}-old`, dirname(path), { recursive: true })
    },
  ],
  ['its log is deleted', /relay\.db-wal was deleted/, (path) => rmSync(`${path}-wal`)],
  [
    'its log is deleted, and a reader makes another one',
    /relay\.db-wal was replaced/,
    (path) => {
      rmSync(`${path}-wal`)
      const reader = `new (require('node:sqlite').DatabaseSync)('${path}').prepare('select count(*) from items').get()`
      spawnSync(process.execPath, ['-e', reader]) // in a process of its own
    },
  ],
  ['its log is emptied', /relay\.db-wal was overwritten or cut short/, (path) => truncateSync(`${path}-wal`, 0)],
  [
    'its log is overwritten with another one',
    /relay\.db-wal was overwritten or cut short/,
    (path) => {
      const bytes = readFileSync(`${path}-wal`)
      bytes.fill(7, 16, 24)
      writeFileSync(`${path}-wal`, bytes)
    },
  ],
  ['the index of its log is deleted', /relay\.db-shm was deleted/, (path) => rmSync(`${path}-shm`)],
  ['its lock is deleted', /relay\.db-lock was deleted/, (path) => rmSync(`${path}-lock`)],
  [
    'a backup is moved over it',
    /relay\.db was replaced/,
    async (path) => {
      await backupStore(`sqlite:${path}`, `${path}.backup`, { force: false })
      renameSync(`${path}.backup`, path)
    },
  ],
  [
    'a backup is copied into it',
    /relay\.db was overwritten with another database/,
    async (path) => {
      await backupStore(`sqlite:${path}`, `${path}.backup`, { force: false })
      copyFileSync(`${path}.backup`, path)
    },
  ],
  [
    'what another program has copied from it is copied into it',
    /relay\.db was overwritten/,
    (path) => {
      const other = new DatabaseSync(path)
      other.exec(`vacuum into '${path}.copy'`)
      other.close()
      copyFileSync(`${path}.copy`, path)
    },
  ],
  ['it is cut short', /relay\.db was cut short/, (path) => truncateSync(path, 4096)],
  ['it is emptied', /relay\.db was overwritten with another database/, (path) => truncateSync(path, 0)],
]

describe('a database that is taken away from a running relay', () => {
  test.each(losses)('%s', async (_what, says, act) => {
    const { path, store } = await filled()
    await store.checkFiles()
    await act(path)
    const refusal = { name: 'RelayError', code: 'unavailable', message: expect.stringMatching(says) }
    await expect(store.accept([webhook()])).rejects.toMatchObject(refusal)
    await expect(store.checkFiles()).rejects.toMatchObject(refusal)
    await expect(store.checkHealth()).rejects.toMatchObject(refusal)
    await expect(store.accept([webhook()])).rejects.toThrow('docs/recovery.md')
  })

  test('a link that leads to another file now', async () => {
    const folder = createFolder()
    const path = join(folder, 'relay.db')
    for (const name of ['one', 'two']) mkdirSync(join(folder, name))
    await (await openSqlite(join(folder, 'two', 'relay.db'), { thread: false })).close()
    symlinkSync(join(folder, 'one', 'relay.db'), path)
    const store = await open(path)
    await store.accept([webhook()])
    rmSync(path)
    symlinkSync(join(folder, 'two', 'relay.db'), path)
    await expect(store.accept([webhook()])).rejects.toThrow(`${path} was replaced`)
  })

  test('is noticed in its thread as well, where nothing is written', async () => {
    const path = join(createFolder(), 'relay.db')
    const store = await open(path, { lock: true })
    await store.accept([webhook({ deliveryId: 'd1' })])
    rmSync(path)
    await expect(store.checkFiles()).rejects.toThrow('was deleted or moved away')
  })

  test('goes on once the same files are back, with all that it has acknowledged', async () => {
    const { path, store } = await filled()
    await store.accept([webhook({ deliveryId: 'd1' })])
    renameSync(dirname(path), `${dirname(path)}-old`)
    await expect(store.accept([webhook({ deliveryId: 'd2' })])).rejects.toThrow('deleted or moved away')
    renameSync(`${dirname(path)}-old`, dirname(path))
    await store.checkFiles()
    expect(
      (await store.accept([webhook({ deliveryId: 'd1' }), webhook({ deliveryId: 'd2' })])).map(
        ({ duplicate }) => duplicate,
      ),
    ).toEqual([true, false])
    await store.close()
    expect(await complaintOf(path)).toBe(null)
  })

  test('what others do to a database by way of SQLite, and what touches it only, is no loss', async () => {
    const { path, store } = await filled()
    const other = new DatabaseSync(path)
    for (let round = 0; round < 5; round += 1) {
      for (const how of ['passive', 'truncate', 'restart', 'full']) {
        await store.accept([webhook()])
        other.exec(`insert into health (filler) values (zeroblob(100000)); pragma wal_checkpoint(${how})`)
        await store.checkFiles()
      }
      other.exec('delete from health')
      while ((await store.shrink()) > 0);
    }
    other.close()
    utimesSync(path, new Date(), new Date())
    readFileSync(path)
    await store.checkFiles()
    await store.accept([webhook()])
  })

  test('a file that says that it is open is made again if somebody has deleted it', async () => {
    const { path, store } = await filled()
    rmSync(`${path}-open`)
    await store.checkFiles()
    expect(JSON.parse(readFileSync(`${path}-open`, 'utf8'))).toMatchObject({ newest: expect.any(Number) })
  })

  test('a copy that another program restores into it, by way of SQLite, is noticed, and the next start goes on with it', async () => {
    const { path, store } = await filled()
    await backupStore(`sqlite:${path}`, `${path}.backup`, { force: false })
    await store.accept([webhook({ deliveryId: 'later' })])
    const copy = new DatabaseSync(`${path}.backup`)
    await backup(copy, path)
    copy.close()
    const refusal = { name: 'RelayError', code: 'unavailable', message: expect.stringMatching(/restored into it/) }
    await expect(store.accept([webhook()])).rejects.toMatchObject(refusal)
    await expect(store.checkFiles()).rejects.toMatchObject(refusal)
    await expect(store.checkHealth()).rejects.toMatchObject(refusal)
    await store.close()
    expect(await complaintOf(path)).toBe(null)
    const [accepted] = await (await open(path)).accept([webhook({ deliveryId: 'later' })])
    expect(accepted).toMatchObject({ duplicate: false })
  })

  test('what was put over the file while it was open is not spoilt by the end of the relay', async () => {
    const { path, store } = await filled()
    await backupStore(`sqlite:${path}`, `${path}.backup`, { force: false })
    await arrive(store, [upsert('later', 'y'.repeat(100_000))])
    copyFileSync(`${path}.backup`, path)
    await expect(store.accept([webhook()])).rejects.toThrow('overwritten')
    await store.close()
    expect(readFileSync(path).equals(readFileSync(`${path}.backup`))).toBe(true)
  })
})

describe('the next start', () => {
  test('finds nothing amiss after a kill, whoever has opened and closed the database meanwhile', async () => {
    const path = killed()
    const reader = new DatabaseSync(path) // and with that works the log into the database
    reader.prepare('select count(*) from items').get()
    reader.close()
    expect(existsSync(`${path}-wal`)).toBe(false)
    expect(await complaintOf(path)).toBe(null)
    expect(existsSync(`${path}-open`)).toBe(false)
    const command = killed()
    await (await openSqlite(command, { thread: false })).close()
    expect(await complaintOf(command)).toBe(null)
    const again = killed()
    rmSync(`${again}-shm`)
    expect(await complaintOf(again)).toBe(null)
  })

  /** Ways in which a log is lost after a kill; the last ones hid that before. */
  const lost: readonly (readonly [what: string, act: (path: string) => unknown])[] = [
    ['is deleted', (path) => rmSync(`${path}-wal`)],
    ['is emptied', (path) => truncateSync(`${path}-wal`, 0)],
    [
      'is deleted with its index',
      (path) => {
        rmSync(`${path}-wal`)
        rmSync(`${path}-shm`)
      },
    ],
    [
      'is deleted and made anew by a reader',
      (path) => {
        rmSync(`${path}-wal`)
        const reader = new DatabaseSync(path)
        reader.prepare('select count(*) from sqlite_schema').get()
        return () => reader.close()
      },
    ],
    [
      'is deleted and made anew by a reader that has ended',
      (path) => {
        rmSync(`${path}-wal`)
        const reader = new DatabaseSync(path)
        reader.prepare('select count(*) from sqlite_schema').get()
        reader.close()
      },
    ],
    [
      'is deleted, and the database is copied elsewhere and back',
      (path) => {
        rmSync(`${path}-wal`)
        copyFileSync(path, `${path}.copy`)
        rmSync(path)
        renameSync(`${path}.copy`, path)
      },
    ],
  ]

  test.each(lost)('misses a log that %s', async (_what, act) => {
    const path = killed()
    const end = act(path) as (() => void) | undefined
    const command = await complaintOf(path, { thread: false })
    expect(command).toContain('has lost its log')
    const complaint = await complaintOf(path)
    expect(complaint).toContain(`database ${path} has lost its log`)
    expect(complaint).toContain(`${path}-open`)
    if (typeof end === 'function') end()
    for (const ending of ['-open', '-shm']) rmSync(`${path}${ending}`, { force: true })
    expect(await complaintOf(path)).toBe(null)
  })

  test('misses it after log and database have gone through many checkpoints', async () => {
    const { path, store } = await filled()
    const before = statSync(path).size
    for (let round = 0; round < 20; round += 1) {
      await store.accept([webhook({ body: Buffer.alloc(1_000_000, round) })])
      await store.checkFiles()
    }
    await store.accept([webhook()])
    expect(statSync(path).size).toBeGreaterThan(before)
    const copy = join(createFolder(), 'relay.db')
    for (const ending of ['', '-open']) copyFileSync(`${path}${ending}`, `${copy}${ending}`)
    expect(await complaintOf(copy)).toContain('has lost its log')
    copyFileSync(`${path}-wal`, `${copy}-wal`)
    expect(await complaintOf(copy)).toBe(null)
  })

  test('does not work the log of one database into another', async () => {
    const path = killed()
    const backup = join(createFolder(), 'relay.db')
    await (await openSqlite(backup, { thread: false })).close()
    const log = readFileSync(`${path}-wal`)
    rmSync(path)
    copyFileSync(backup, path)
    const complaint = await complaintOf(path)
    expect(complaint).toContain(`database ${path} was replaced while it was open. Its log belongs to another file`)
    expect(readFileSync(path).equals(readFileSync(backup))).toBe(true)
    expect(readFileSync(`${path}-wal`).equals(log)).toBe(true)
    for (const ending of ['-wal', '-shm', '-open']) rmSync(`${path}${ending}`)
    expect(await complaintOf(path)).toBe(null)
  })

  test('does not begin with an empty database where one was open', async () => {
    const path = killed()
    for (const ending of ['', '-wal', '-shm']) rmSync(`${path}${ending}`)
    expect(await complaintOf(path)).toContain(`database ${path} is gone. Put it back`)
    expect(existsSync(path)).toBe(false)
    rmSync(`${path}-open`)
    expect(await complaintOf(path)).toBe(null)
  })

  test('a copy that was made while the relay was at work is opened', async () => {
    const { path } = await filled()
    const copy = join(createFolder(), 'relay.db')
    await backupStore(`sqlite:${path}`, copy, { force: false })
    expect(await complaintOf(copy)).toBe(null)
  })
})

describe('the lock', () => {
  async function second(path: string): Promise<unknown> {
    return openSqlite(path, relay).then(
      () => 'opened',
      (error: unknown) => error,
    )
  }

  test('is one for all ways to the file', async () => {
    const folder = createFolder()
    const path = join(folder, 'data', 'relay.db')
    await open(path)
    symlinkSync(path, join(folder, 'link.db'))
    symlinkSync(join(folder, 'data'), join(folder, 'other'))
    const inUse = { code: 'conflict', message: expect.stringContaining('in use by another relay') }
    for (const way of ['link.db', 'other/relay.db', 'data/../data/relay.db']) {
      expect(await second(join(folder, way))).toMatchObject(inUse)
    }
  })

  test('is one for a link that led nowhere when the first relay came', async () => {
    const folder = createFolder()
    symlinkSync('data/relay.db', join(folder, 'link.db'))
    await open(join(folder, 'link.db'))
    expect(await second(join(folder, 'data', 'relay.db'))).toMatchObject({ code: 'conflict' })
  })

  test('a file with two names is refused, which would have two logs', async () => {
    const folder = createFolder()
    const path = join(folder, 'relay.db')
    await (await openSqlite(path, { thread: false })).close()
    linkSync(path, join(folder, 'hard.db'))
    expect(await second(path)).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('2 names (hard links)'),
    })
    rmSync(join(folder, 'hard.db'))
    await open(path)
  })
})

test('what is made is for its owner alone: the folders, the lock and what says that it is open', async () => {
  const before = process.umask(0o022)
  onTestFinished(() => void process.umask(before))
  const folder = createFolder()
  const path = join(folder, 'a', 'b', 'relay.db')
  await open(path)
  const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8)
  expect([join(folder, 'a'), join(folder, 'a', 'b')].map(modeOf)).toEqual(['700', '700'])
  expect(['', '-wal', '-shm', '-lock', '-open'].map((ending) => modeOf(`${path}${ending}`))).toEqual(
    Array(5).fill('600'),
  )
})

test('a reader that keeps the log from being worked in shows in its size', async () => {
  const { path, store } = await filled()
  const reader = new DatabaseSync(path)
  reader.exec('begin; select count(*) from items')
  for (let round = 0; round < 20; round += 1) await store.accept([webhook({ body: Buffer.alloc(2_000_000, round) })])
  const { logBytes, logPages } = await store.checkFiles()
  expect(logPages).toBeGreaterThan(8_000)
  expect(logBytes).toBeGreaterThan(logPages * 4_096)
  reader.close()
  for (let round = 0; round < 10; round += 1) await store.accept([webhook({ body: Buffer.alloc(2_000_000, round) })])
  expect((await store.checkFiles()).logPages).toBeLessThan(8_000)
})
