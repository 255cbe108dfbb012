import type { Store } from '../contract/store.ts'
import { openDatabase } from './database.ts'
import { openEngine } from './engine.ts'
import { expectNewest } from './migrate.ts'

/** Only for what reads. Throws RelayError for a database of an older version: its tables are not those that are read. */
export async function peekSqlite(path: string): Promise<Pick<Store, 'readStats' | 'listOtherSources' | 'close'>> {
  const { db, close: end } = openDatabase(path, { readOnly: true })
  try {
    expectNewest(db, path)
  } finally {
    end()
  }
  const engine = openEngine(path, { readOnly: true })
  return {
    readStats: async () => engine.readStats(),
    listOtherSources: async (known) => engine.listOtherSources(known),
    async close() {
      engine.close()
    },
  }
}
