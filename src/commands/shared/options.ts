import { defined } from '../../api/input.ts'
import type { Environment } from '../../config/substitute.ts'
import type { ItemStatus } from '../../store/contract/store.ts'

/** What every command that reads the configuration is called with. */
export interface CommandOptions {
  readonly config?: string
  readonly json: boolean
  readonly env: Environment
}

/** Which items a command means, but for their destination. */
export interface ItemFilterOptions {
  readonly id?: string
  readonly source?: string
  readonly type?: string
  readonly status?: ItemStatus
  readonly since?: number
  readonly until?: number
}

/** The filter that options make; empty if nothing says which items. */
export function itemFilterIn({ id, source, type, status, since, until }: ItemFilterOptions) {
  return defined({ id, source, type, status, since, until })
}
