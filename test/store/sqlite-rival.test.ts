import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { createFolder } from '../folder.ts'
import { describeStore } from './conformance.ts'
import { clock } from './support.ts'

// A thread for each test would take longer than all the tests; that it changes nothing is tested in sqlite-file.test.ts.
const inThisThread = { thread: false, now: clock.now }

// Copied for each test: to make one costs more than most of the tests.
const empty = join(createFolder(afterAll), 'relay.db')
beforeAll(async () => {
  await (await openSqlite(empty, inThisThread)).close()
})

describeStore(
  'SQLite in a file, beside a rival',
  async () => {
    const path = join(createFolder(), 'relay.db')
    copyFileSync(empty, path)
    const store = await openSqlite(path, inThisThread)
    return {
      store,
      async reopen() {
        await store.close()
        return openSqlite(path, inThisThread)
      },
      beside: () => openSqlite(path, inThisThread),
    }
  },
  { rival: true },
)
