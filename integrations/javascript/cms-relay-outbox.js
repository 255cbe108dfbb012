/**
 * Sends changes to cms-relay from an outbox: a table beside your own, written in the transaction of the change.
 *
 *     const outbox = createOutbox({ url: 'https://relay.example.com/webhooks/site', secret })
 *     await outbox.create(query)                    // once
 *
 *     await change(transaction)                     // first the record, then its envelope
 *     await outbox.add(transaction, { event: 'post.updated', type: 'post', id: 412, … })
 *     await commit()                                // both, or neither
 *
 *     await outbox.run(query)                       // one process beside your site: the worker
 *
 * `query` (and `transaction`) is a function of yours, (sql, values) => rows, or a promise of them: of `pg`
 * `async (sql, values) => (await client.query(sql, values)).rows`, of `node:sqlite`
 * `(sql, values) => db.prepare(sql).all(...values)`. What the relay has not accepted stays in the table, whatever
 * it answered. Of one record, the last envelope is sent, and never two at a time. Node 20 or newer, no dependency.
 * MIT licence.
 *
 * @typedef {(sql: string, values: readonly (string | number)[]) => Row[] | Promise<Row[]>} Query
 * @typedef {Record<string, any>} Row
 */
import { createHmac, randomUUID } from 'node:crypto'

const timeoutMs = 15_000
const leaseMs = 60_000
/** Answers that are about one envelope. All others are about the relay, its address or the secret: everything waits. */
const ownFaults = new Set([400, 406, 409, 411, 413, 414, 415, 422, 431])
const idOf = {
  sqlite: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  postgresql: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
}

/**
 * `placeholders` is `?` for SQLite, and `$` (`$1`, `$2`) for PostgreSQL. The SQL needs `RETURNING`: SQLite 3.35, PostgreSQL.
 *
 * @param {{ url: string, secret: string, placeholders?: '?' | '$', table?: string, now?: () => number, random?: () => number,
 *   log?: (message: string) => void }} options
 */
export function createOutbox(options) {
  const { url, secret, placeholders = '?', table = 'cms_relay_outbox', now = Date.now, random = Math.random } = options
  const { log = console.warn } = options

  /** @param {Query} query @param {string} sql @param {(string | number)[]} values */
  const run = async (query, sql, ...values) => {
    let count = 0
    return query(placeholders === '$' ? sql.replaceAll('?', () => `$${++count}`) : sql, values)
  }

  /** Makes the table, if it is not there. @param {Query} query @param {keyof typeof idOf} dialect */
  async function create(query, dialect = placeholders === '$' ? 'postgresql' : 'sqlite') {
    await run(
      query,
      `CREATE TABLE IF NOT EXISTS ${table} (id ${idOf[dialect]}, record_key VARCHAR(255) NOT NULL, body TEXT NOT NULL,
        due_at BIGINT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, claimed_until BIGINT NOT NULL DEFAULT 0,
        holds_all INTEGER NOT NULL DEFAULT 0, error VARCHAR(500) NOT NULL DEFAULT '')`,
    )
  }

  /**
   * Adds the envelope of a change, in the transaction that is open. Call it after the change itself: whoever changes
   * the same record at the same time then waits, and the envelopes have the order of the changes.
   *
   * @param {Query} query @param {{ event: string, type?: string, id: string | number, [field: string]: unknown }} envelope
   */
  async function add(query, envelope) {
    const key = `${envelope.type ?? envelope.event.split('.')[0]}:${envelope.id}`
    const body = JSON.stringify({ delivery_id: randomUUID(), ...envelope })
    await run(query, `INSERT INTO ${table} (record_key, body, due_at) VALUES (?, ?, ?)`, key, body, now())
  }

  /**
   * Sends what is due. Answers how many envelopes were accepted. Ends at a failure of the relay.
   *
   * @param {Query} query
   */
  async function sendDue(query, limit = 1000) {
    let sent = 0
    for (let turn = 0; turn < limit; turn++) {
      const [pause] = await run(query, `SELECT 1 FROM ${table} WHERE holds_all = 1 AND due_at > ? LIMIT 1`, now())
      const row = pause ? undefined : await claim(query)
      if (row === undefined) break
      const failure = await post(row.body)
      if (failure === null) {
        // What is older of the same record is said with it.
        await run(query, `DELETE FROM ${table} WHERE record_key = ? AND id <= ?`, row.record_key, row.id)
        sent += 1
      } else {
        log(`${row.record_key} was not accepted: ${failure.error}`)
        const waitMs = failure.waitMs ?? backoffMs(row.attempts + 1, failure.isOwn ? 3_600_000 : 300_000, random)
        await run(
          query,
          `UPDATE ${table} SET attempts = attempts + 1, due_at = ?, holds_all = ?, error = ? WHERE id = ?`,
          Math.ceil(now() + waitMs),
          failure.isOwn ? 0 : 1,
          failure.error.slice(0, 500),
          row.id,
        )
      }
      await run(query, `UPDATE ${table} SET claimed_until = 0 WHERE record_key = ?`, row.record_key)
    }
    return sent
  }

  /** The last envelope of a record that nobody is sending, the least tried first. @param {Query} query */
  async function claim(query) {
    const at = now()
    const [row] = await run(
      query,
      `SELECT id, record_key, body, attempts,
          (SELECT COUNT(*) FROM ${table} a WHERE a.record_key = o.record_key) AS rows_of_record FROM ${table} o
        WHERE due_at <= ? AND id = (SELECT MAX(id) FROM ${table} b WHERE b.record_key = o.record_key)
          AND NOT EXISTS (SELECT 1 FROM ${table} c WHERE c.record_key = o.record_key AND claimed_until > ?)
        ORDER BY attempts, id LIMIT 1`,
      at,
      at,
    )
    if (row === undefined) return undefined
    // All of a record's rows or none: two workers never send the same record at a time.
    const claimed = await run(
      query,
      `UPDATE ${table} SET claimed_until = ? WHERE record_key = ? AND id <= ? AND claimed_until <= ? RETURNING id`,
      at + leaseMs,
      row.record_key,
      row.id,
      at,
    )
    if (claimed.length === Number(row.rows_of_record)) return row
    for (const { id } of claimed) await run(query, `UPDATE ${table} SET claimed_until = 0 WHERE id = ?`, id)
    return undefined
  }

  /** @param {string} body */
  async function post(body) {
    const signature = createHmac('sha256', secret).update(body).digest('hex')
    const headers = { 'content-type': 'application/json', 'x-signature': signature }
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
      const text = await answer.text()
      if (answer.ok) return null
      const waitMs = retryAfterMs(answer.headers.get('retry-after'), now())
      const error = `the relay answered ${answer.status}: ${text.slice(0, 300)}`
      return { error, isOwn: waitMs === null && ownFaults.has(answer.status), waitMs }
    } catch (failure) {
      return { error: `the relay was not reached: ${failure}`, isOwn: false, waitMs: null }
    }
  }

  /** What waits, for your monitoring. @param {Query} query */
  const pending = (query) => run(query, `SELECT record_key, attempts, error FROM ${table} ORDER BY id`)

  /** The worker: ends when the signal is aborted. @param {Query} query @param {AbortSignal} [signal] */
  async function runWorker(query, signal, idleMs = 1000) {
    while (!signal?.aborted) {
      const sent = await sendDue(query).catch((failure) => {
        log(`the outbox could not be read: ${failure}`) // a worker outlives its database
        return 0
      })
      if (sent === 0) await new Promise((resolve) => setTimeout(resolve, idleMs))
    }
  }

  return { create, add, sendDue, pending, run: runWorker }
}

/**
 * Milliseconds that a `Retry-After` asks for, in either form, at most a day. Null if it says nothing.
 *
 * @param {string | null} value @param {number} now
 */
export function retryAfterMs(value, now) {
  if (value === null) return null
  const waitMs = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 1000), 86_400_000)
}

/**
 * Milliseconds to wait after so many failures: twice as long each time, less up to a half by chance.
 *
 * @param {number} failures @param {number} mostMs @param {() => number} random
 */
function backoffMs(failures, mostMs, random) {
  return Math.min(mostMs, 1000 * 2 ** Math.min(failures, 20)) * (0.5 + random() / 2)
}
