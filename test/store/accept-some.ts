import { openSqlite } from '../../src/store/sqlite/open.ts'
import { webhook } from './support.ts'

// A process that accepts so many events, one after the other, and ends.
const store = await openSqlite(process.argv[2]!, { lock: true })
for (let count = Number(process.argv[3]); count > 0; count -= 1) await store.accept([webhook()])
process.stdout.write('done\n')
await store.close()
