import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { describeStore } from './conformance.ts'

describeStore('SQLite in memory', async () => ({ store: await openSqlite(':memory:') }), { runs: 100 })

// A thread for each test would take longer than all the tests; that it changes nothing is tested in sqlite-file.test.ts.
const inThisThread = { thread: false }

describeStore('SQLite in a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relay-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'relay.db')
  const store = await openSqlite(path, inThisThread)
  return {
    store,
    async reopen() {
      await store.close()
      return openSqlite(path, inThisThread)
    },
    beside: () => openSqlite(path, inThisThread),
  }
})
