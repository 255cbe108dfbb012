import type { Config } from '../../config/schema.ts'
import type { Uses } from '../../config/stand-ins.ts'
import type { Environment } from '../../config/substitute.ts'
import { loadConfigOrSandbox } from '../../sandbox/mode.ts'
import type { Store } from '../../store/contract/store.ts'
import { openStore } from '../../store/open.ts'
import { onStore } from './uses.ts'

interface StoreOptions {
  readonly config?: string
  readonly env: Environment
  /** Which settings `work` uses; left out, those of `onStore`. Variables of others may be missing. */
  readonly uses?: Uses
}

/** Opens the configured store beside a relay that may be running on it, and closes it again. */
export async function withStore<T>(
  options: StoreOptions,
  work: (store: Store, config: Config) => Promise<T>,
): Promise<T> {
  const { config } = await loadConfigOrSandbox(options.config, options.env, options.uses ?? onStore)
  const store = await openStore(config.store, { lock: false })
  try {
    return await work(store, config)
  } finally {
    await store.close()
  }
}
