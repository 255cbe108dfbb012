// A site with posts in SQLite and the outbox beside them. It does what standard input says, a JSON list a line.

import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { createOutbox } from '../../integrations/javascript/cms-relay-outbox.js'

const [url = '', secret = '', file = ''] = process.argv.slice(2)
let now = 1_800_000_000_000
const db = new DatabaseSync(file)
/** @type {import('../../integrations/javascript/cms-relay-outbox.js').Query} */
const query = (sql, values) => db.prepare(sql).all(...values)
const outbox = createOutbox({ url, secret, now: () => now })
db.exec('CREATE TABLE IF NOT EXISTS posts (id INTEGER PRIMARY KEY, title TEXT)')
await outbox.create(query)

/** @type {Record<string, (...args: any[]) => unknown>} */
const acts = {
  save: (post, title) => save(post, title, 'COMMIT'),
  'save-and-fail': (post, title) => save(post, title, 'ROLLBACK'),
  async delete(post) {
    db.exec('BEGIN')
    query('DELETE FROM posts WHERE id = ?', [post])
    await outbox.add(query, { event: 'post.deleted', id: post })
    db.exec('COMMIT')
  },
  wait: (seconds) => {
    now += seconds * 1000
  },
  send: () => outbox.sendDue(query),
  pending: async () => (await outbox.pending(query)).map(Object.values),
  posts: () => query('SELECT id, title FROM posts ORDER BY id', []).map(Object.values),
}

/** @param {number} post @param {string} title @param {string} end */
async function save(post, title, end) {
  db.exec('BEGIN')
  query('INSERT INTO posts VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title', [post, title])
  const html = `<p>${title}</p>`
  await outbox.add(query, { event: 'post.updated', id: post, url: `/${post}`, title, html })
  db.exec(end)
}

for await (const line of createInterface({ input: process.stdin })) {
  const [act, ...args] = JSON.parse(line)
  console.log(JSON.stringify((await acts[act]?.(...args)) ?? null))
}
