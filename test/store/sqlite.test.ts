import { openSqlite } from '../../src/store/sqlite/open.ts'
import { describeStore } from './conformance.ts'
import { clock } from './support.ts'

// The same engine as in a file, which has the rival, a second connection and restarts: sqlite-rival.test.ts.
describeStore('SQLite in memory', async () => ({ store: await openSqlite(':memory:', { now: clock.now }) }), {
  runs: 60,
})
