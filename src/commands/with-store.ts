import type { Config } from '../config/schema.ts'
import type { Environment } from '../config/substitute.ts'
import { loadConfigOrSandbox } from '../sandbox/mode.ts'
import type { Store } from '../store/contract/store.ts'
import { openStore } from '../store/open.ts'

/** Opens the configured store beside a relay that may be running on it, and closes it again. */
export async function withStore<T>(
  options: { readonly config?: string; readonly env: Environment },
  work: (store: Store, config: Config) => Promise<T>,
): Promise<T> {
  const { config } = await loadConfigOrSandbox(options.config, options.env)
  const store = await openStore(config.store, { lock: false })
  try {
    return await work(store, config)
  } finally {
    await store.close()
  }
}
