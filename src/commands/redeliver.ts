import type { Environment } from '../config/substitute.ts'
import { defined } from '../plugins/present.ts'
import type { ItemStatus } from '../store/store.ts'
import { print, UsageError } from './report.ts'
import { withStore } from './with-store.ts'

export interface RedeliverOptions {
  readonly id?: string
  readonly destination?: string
  readonly source?: string
  readonly type?: string
  readonly status?: ItemStatus
  readonly since?: number
  readonly until?: number
  readonly all: boolean
  readonly limit: number
  readonly config?: string
  readonly json: boolean
  readonly env: Environment
}

/** Makes items due at once, unchanged or not. Needs a filter or `--all`. */
export async function redeliver(options: RedeliverOptions): Promise<void> {
  const { id, destination, source, type, status, since, until } = options
  const filter = defined({ id, destination, source, type, status, since, until })
  if (Object.keys(filter).length === 0 && !options.all) {
    throw new UsageError('say which items: an id, --destination, --source, --type, --status, --since, or --all')
  }
  const redelivered = await withStore(options, (store) => store.redeliverItems(filter, options.limit, Date.now()))
  print({ redelivered }, { json: options.json, text: () => `${redelivered} items will be sent again` })
}
