import { setTimeout } from 'node:timers/promises'
import { presentBulk } from '../../api/bulk.ts'
import { RelayError } from '../../domain/errors.ts'
import { type Rate, releaseAtRate } from '../../stages/operate/release.ts'
import type { Chosen } from '../../store/contract/store.ts'
import { interruption } from '../shared/interruption.ts'
import type { CommandOptions } from '../shared/options.ts'
import { createProgress } from '../shared/progress.ts'

/** What commands that do something with all that match have in common. */
export interface BulkOptions extends CommandOptions {
  readonly limit: number
  readonly dryRun: boolean
  readonly rate?: Rate
}

export interface Bulk<Id> {
  readonly choose: () => Promise<Chosen<Id>>
  /** Does it with all of them. */
  readonly all: () => Promise<number>
  /** Does it with these. */
  readonly some: (ids: readonly Id[]) => Promise<number>
}

export type BulkResult =
  | { readonly kind: 'dry run'; readonly count: number; readonly matching: number }
  | { readonly kind: 'done'; readonly count: number }
  | { readonly kind: 'cancelled'; readonly count: number; readonly of: number }

/** Does it, at once or at a rate that Ctrl-C ends, or says for how many it would be done. */
export async function runBulk<Id>({ dryRun, rate, json }: BulkOptions, bulk: Bulk<Id>): Promise<BulkResult> {
  if (!dryRun && rate === undefined) return { kind: 'done', count: await bulk.all() }
  // Chosen once: what fails again while others are still waiting is not chosen again.
  const { matching, ids } = await bulk.choose()
  if (dryRun || rate === undefined) return { kind: 'dry run', count: ids.length, matching }
  using interrupted = interruption()
  using progress = createProgress({ json })
  const count = await releaseAtRate(ids, {
    rate,
    release: bulk.some,
    wait,
    signal: interrupted.signal,
    onProgress: (released) => progress.show(`${released} of ${ids.length}, Ctrl-C ends it`),
  })
  return interrupted.signal.aborted ? { kind: 'cancelled', count, of: ids.length } : { kind: 'done', count }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => {}) // aborted: the caller looks at the signal
}

/** A dry run as the API tells it, else the count under the name of what was done. */
export function presentResult(done: string, result: BulkResult): object {
  if (result.kind === 'dry run') return presentBulk(done, result.count, result.matching)
  return { [done]: result.count, ...(result.kind === 'cancelled' && { cancelled: true, of: result.of }) }
}

/** The result in words. `verb` follows after `will` and `would`. */
export function describeBulk(what: string, verb: string, result: BulkResult): string {
  const { kind, count } = result
  if (kind !== 'dry run') return `${countOf(count, what)} will ${verb}`
  const rest = result.matching > count ? ` (${result.matching} match; --limit)` : ''
  return `${countOf(count, what)} would ${verb}${rest}; nothing was done`
}

/** A cancelled command has failed to do all that was asked for. Throws RelayError. */
export function failCancelled(what: string, result: BulkResult): void {
  if (result.kind !== 'cancelled') return
  const { count, of } = result
  throw new RelayError('conflict', `cancelled after ${count} of ${of} ${what}; the others are as they were`)
}

/** So many of them, whose word is a plural: `1 item`, `0 items`. */
export function countOf(count: number, what: string): string {
  return `${count} ${count === 1 ? what.replace(/s$/, '') : what}`
}
