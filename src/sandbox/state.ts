import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** An item that the sandbox has taken. */
export interface SandboxItem {
  readonly type: string
  readonly id: string
  readonly url: string
  readonly checksum: string
  readonly connectorType: string
  readonly receivedAt: number
  readonly item: Readonly<Record<string, unknown>>
}

/** The answer that a key was given, and to which bytes. */
export interface StoredAnswer {
  readonly fingerprint: string
  readonly body: string
}

/** What the sandbox remembers, in SQLite: for one run, or for good if it has a file. */
export interface SandboxState {
  /** All of it or nothing. */
  transaction<T>(work: () => T): T
  checksumOf(type: string, id: string): string | null
  putItem(item: SandboxItem): void
  /** How many items (of any type) had this id. */
  deleteItem(id: string): number
  /** Last received first. */
  items(limit?: number): readonly SandboxItem[]
  itemsWith(id: string): readonly SandboxItem[]
  countItems(): number
  answerOf(key: string): StoredAnswer | null
  keepAnswer(key: string, answer: StoredAnswer, at: number): void
  /** False if the nonce was seen in the last 600 s: twice what a timestamp may be off. */
  takeNonce(nonce: string, at: number): boolean
  /** Forgets items and answers, not nonces. */
  reset(): void
  close(): void
}

const nonceLifeMs = 600_000
const answerLifeMs = 7 * 24 * 3_600_000

const schema = `
  pragma journal_mode = wal;
  pragma synchronous = normal;
  create table if not exists items (
    type text not null, id text not null, url text not null, checksum text not null, connector_type text not null,
    received_at integer not null, body text not null, primary key (id, type)
  ) strict;
  create table if not exists answers (key text primary key, fingerprint text not null, body text not null, at integer not null) strict;
  create table if not exists nonces (nonce text primary key, at integer not null) strict;
  create index if not exists nonces_at on nonces (at);`

/** Opens a file (its folder is made if it is missing), or `:memory:`. */
export function openSandboxState(file: string): SandboxState {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const db = new DatabaseSync(file)
  db.exec(schema)
  const checksum = db.prepare('select checksum from items where id = ? and type = ?')
  const put = db.prepare(
    'insert or replace into items (type, id, url, checksum, connector_type, received_at, body) values (?, ?, ?, ?, ?, ?, ?)',
  )
  const remove = db.prepare('delete from items where id = ?')
  const list = db.prepare('select * from items order by received_at desc, rowid desc limit ?')
  const find = db.prepare('select * from items where id = ? order by type')
  const count = db.prepare('select count(*) as n from items')
  const answer = db.prepare('select fingerprint, body from answers where key = ?')
  const keep = db.prepare('insert or replace into answers (key, fingerprint, body, at) values (?, ?, ?, ?)')
  const dropAnswers = db.prepare('delete from answers where at < ?')
  const take = db.prepare('insert or ignore into nonces (nonce, at) values (?, ?)')
  const dropNonces = db.prepare('delete from nonces where at < ?')

  return {
    transaction(work) {
      db.exec('begin immediate')
      try {
        const result = work()
        db.exec('commit')
        return result
      } catch (error) {
        db.exec('rollback')
        throw error
      }
    },
    checksumOf: (type, id) => (checksum.get(id, type)?.['checksum'] as string | undefined) ?? null,
    putItem({ type, id, url, checksum, connectorType, receivedAt, item }) {
      put.run(type, id, url, checksum, connectorType, receivedAt, JSON.stringify(item))
    },
    deleteItem: (id) => Number(remove.run(id).changes),
    items: (limit = -1) => list.all(limit).map(itemOf),
    itemsWith: (id) => find.all(id).map(itemOf),
    countItems: () => Number(count.get()?.['n']),
    answerOf: (key) => (answer.get(key) as StoredAnswer | undefined) ?? null,
    keepAnswer(key, { fingerprint, body }, at) {
      dropAnswers.run(at - answerLifeMs)
      keep.run(key, fingerprint, body, at)
    },
    takeNonce(nonce, at) {
      dropNonces.run(at - nonceLifeMs)
      return Number(take.run(nonce, at).changes) === 1
    },
    reset: () => db.exec('delete from items; delete from answers'),
    close() {
      if (db.isOpen) db.close()
    },
  }
}

function itemOf(row: Record<string, unknown>): SandboxItem {
  return {
    type: String(row['type']),
    id: String(row['id']),
    url: String(row['url']),
    checksum: String(row['checksum']),
    connectorType: String(row['connector_type']),
    receivedAt: Number(row['received_at']),
    item: JSON.parse(String(row['body'])),
  }
}
