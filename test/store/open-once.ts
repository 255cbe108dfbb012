import { openSqlite } from '../../src/store/sqlite/open.ts'

// Opens a database as a relay does, and prints how it could not.
try {
  await (await openSqlite(process.argv[2]!, { lock: true, thread: false })).close()
  console.log('open')
} catch (error) {
  const { code, message } = error as Error & { code?: string }
  console.log(`${code}: ${message}`)
}
