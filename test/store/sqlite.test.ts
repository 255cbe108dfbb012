import { join } from 'node:path'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { createFolder } from '../folder.ts'
import { describeStore } from './conformance.ts'

describeStore('SQLite in memory', async () => ({ store: await openSqlite(':memory:') }), { runs: 100 })

// A thread for each test would take longer than all the tests; that it changes nothing is tested in sqlite-file.test.ts.
const inThisThread = { thread: false }

describeStore('SQLite in a file', async () => {
  const folder = createFolder()
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
