import type { Environment } from '../config/substitute.ts'
import { defined } from '../plugins/present.ts'
import type { ItemStatus } from '../store/store.ts'
import { type BulkOptions, describeBulk, failCancelled, presentBulk, runBulk } from './bulk.ts'
import { print, UsageError } from './report.ts'
import { withStore } from './with-store.ts'

export interface ItemOptions extends BulkOptions {
  readonly id?: string
  readonly destination?: string
  readonly source?: string
  readonly type?: string
  readonly status?: ItemStatus
  readonly since?: number
  readonly until?: number
  readonly all: boolean
  readonly config?: string
  readonly env: Environment
}

/** Makes items due at once, unchanged or not. Needs a filter or `--all`. */
export async function redeliver(options: ItemOptions): Promise<void> {
  const filter = itemFilterOf(options)
  const { limit } = options
  const at = Date.now()
  const result = await withStore(options, (store) =>
    runBulk(options, {
      choose: () => store.chooseItems('redeliver', filter, limit, at),
      all: () => store.redeliverItems(filter, limit, at),
      some: (seqs) => store.redeliverItems({ ...filter, seqs }, seqs.length, Date.now()),
    }),
  )
  print(presentBulk('redelivered', result), {
    json: options.json,
    text: () => describeBulk('items', 'be sent again', result),
  })
  failCancelled('items', result)
}

/** Throws UsageError where nothing says which items. */
export function itemFilterOf({ id, destination, source, type, status, since, until, all }: ItemOptions) {
  const filter = defined({ id, destination, source, type, status, since, until })
  if (Object.keys(filter).length > 0 || all) return filter
  throw new UsageError('say which items: an id, --destination, --source, --type, --status, --since, or --all')
}
