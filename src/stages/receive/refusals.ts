import type { Emit } from '../../domain/signal.ts'
import type { Statistics } from '../../store/contract/statistics.ts'
import type { Refusal, RefusedWebhook, TurnedAwayCount } from '../../store/contract/store.ts'

/** Keeps in mind which webhooks of configured sources made no event. A sender that does not try again has lost what was refused. */
export interface Refusals {
  /** In memory: a refused sender does not wait. */
  note(webhook: Omit<RefusedWebhook, 'at'>): void
  noteDuplicate(source: string): void
  /** Writes down what was noted, and tells of what was refused by rate. */
  step(): Promise<void>
}

export interface RefusalsDeps {
  readonly store: Pick<Statistics, 'addTurnedAway'>
  readonly now: () => number
  readonly emit: Emit
}

/** What the relay refuses though the sender may have done nothing wrong. */
const codes: ReadonlySet<string> = new Set(['rate_limited', 'overloaded', 'unavailable', 'too_large', 'address'])
/** `webhook.rate_limited` is told once in so long for each source, with the number. */
const reportEveryMs = 60_000
const minuteMs = 60_000
/** Of all sources, the newest: while they can't be written, and of a flood. */
const keptUnwritten = 500
/** Characters. */
const longestReason = 500

export function createRefusals({ store, now, emit }: RefusalsDeps): Refusals {
  let unwritten = new Map<string, Refusal>()
  let counts = new Map<string, TurnedAwayCount>()
  let last: RefusedWebhook[] = []
  const unreported = new Map<string, { count: number; reason: string }>()
  const reportedAt = new Map<string, number>()

  function keep(key: string, { count, firstAt, ...newest }: Refusal): void {
    const known = unwritten.get(key)
    const all = { count: count + (known?.count ?? 0), firstAt: Math.min(firstAt, known?.firstAt ?? firstAt) }
    unwritten.set(key, { ...newest, ...all })
  }

  function count(source: string, at: number, { duplicate = 0, refused = 0 }: Partial<TurnedAwayCount>): void {
    const key = `${source} ${Math.floor(at / minuteMs)}`
    const known = counts.get(key) ?? { source, at, duplicate: 0, refused: 0 }
    counts.set(key, { ...known, duplicate: known.duplicate + duplicate, refused: known.refused + refused })
  }

  function report(source: string, at: number): void {
    const { count, reason } = unreported.get(source)!
    unreported.delete(source)
    reportedAt.set(source, at)
    emit({ kind: 'webhook.rate_limited', source, count, reason })
  }

  function isDue(source: string, at: number): boolean {
    return Math.abs(at - (reportedAt.get(source) ?? Number.NEGATIVE_INFINITY)) >= reportEveryMs
  }

  return {
    note({ source, code, reason, address }) {
      const at = now()
      count(source, at, { refused: 1 })
      last.push({ source, at, code, reason: reason.slice(0, longestReason), address })
      if (last.length > 2 * keptUnwritten) last = last.slice(-keptUnwritten)
      if (!codes.has(code)) return
      keep(`${source} ${code}`, { source, code, reason, count: 1, firstAt: at, lastAt: at })
      if (code !== 'rate_limited') return
      unreported.set(source, { count: (unreported.get(source)?.count ?? 0) + 1, reason })
      if (isDue(source, at)) report(source, at)
    },
    noteDuplicate(source) {
      count(source, now(), { duplicate: 1 })
    },
    async step() {
      const at = now()
      for (const source of [...unreported.keys()]) if (isDue(source, at)) report(source, at)
      if (counts.size === 0) return
      const writing = { refusals: unwritten, counts, last }
      unwritten = new Map()
      counts = new Map()
      last = []
      try {
        await store.addTurnedAway({
          refusals: [...writing.refusals.values()],
          counts: [...writing.counts.values()],
          last: writing.last,
        })
      } catch (error) {
        for (const [key, refusal] of writing.refusals) keep(key, refusal)
        for (const one of writing.counts.values()) count(one.source, one.at, one)
        last = [...writing.last, ...last].slice(-keptUnwritten)
        throw error
      }
    },
  }
}
