import type { Tried } from '../../domain/tried.ts'

/** How a query names the two columns of a `Tried`. */
export interface TriedColumns {
  readonly triedMs: number
  readonly triedAt: number | null
}

export function triedOf({ triedMs, triedAt }: TriedColumns): Tried {
  return { ms: triedMs, at: triedAt }
}

/** What an attempt leaves behind that does not count: the time before it stays, the time after it is not age. */
export function columnsOf(tried: Tried | undefined, before: number): TriedColumns {
  return tried === undefined ? { triedMs: before, triedAt: null } : { triedMs: Math.round(tried.ms), triedAt: tried.at }
}
