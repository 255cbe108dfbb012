import { join } from 'node:path'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { createFolder } from '../folder.ts'
import { describeStore } from './conformance.ts'
import { clock } from './support.ts'

describeStore('SQLite in memory', async () => ({ store: await openSqlite(':memory:', { now: clock.now }) }), {
  runs: 100,
})

// A thread for each test would take longer than all the tests; that it changes nothing is tested in sqlite-file.test.ts.
const inThisThread = { thread: false, now: clock.now }

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
