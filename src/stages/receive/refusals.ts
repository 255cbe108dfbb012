import type { Emit } from '../../domain/signal.ts'
import type { Refusal, Store } from '../../store/contract/store.ts'

/** A webhook of a configured source that was refused. */
export interface RefusedWebhook {
  readonly source: string
  readonly code: string
  readonly reason: string
}

/** Keeps in mind which webhooks a limit has refused: a sender that does not try again has lost them. */
export interface Refusals {
  /** In memory: whoever is refused waits for nothing. */
  note(webhook: RefusedWebhook): void
  /** Writes down what was noted, and tells of what was refused by rate. */
  step(): Promise<void>
}

export interface RefusalsDeps {
  readonly store: Pick<Store, 'addRefusals'>
  readonly now: () => number
  readonly emit: Emit
}

/** What the relay refuses though the sender may have done nothing wrong. */
const codes: ReadonlySet<string> = new Set(['rate_limited', 'overloaded', 'unavailable', 'too_large', 'address'])
/** `webhook.rate_limited` is told once in so long for each source, with the number. */
const tellEveryMs = 60_000

export function createRefusals({ store, now, emit }: RefusalsDeps): Refusals {
  let unwritten = new Map<string, Refusal>()
  const untold = new Map<string, { count: number; reason: string }>()
  const toldAt = new Map<string, number>()

  function keep(key: string, { count, firstAt, ...newest }: Refusal): void {
    const known = unwritten.get(key)
    const all = { count: count + (known?.count ?? 0), firstAt: Math.min(firstAt, known?.firstAt ?? firstAt) }
    unwritten.set(key, { ...newest, ...all })
  }

  function tell(source: string, at: number): void {
    const { count, reason } = untold.get(source)!
    untold.delete(source)
    toldAt.set(source, at)
    emit({ kind: 'webhook.rate_limited', source, count, reason })
  }

  function isDue(source: string, at: number): boolean {
    return Math.abs(at - (toldAt.get(source) ?? Number.NEGATIVE_INFINITY)) >= tellEveryMs
  }

  return {
    note({ source, code, reason }) {
      if (!codes.has(code)) return
      const at = now()
      keep(`${source} ${code}`, { source, code, reason, count: 1, firstAt: at, lastAt: at })
      if (code !== 'rate_limited') return
      untold.set(source, { count: (untold.get(source)?.count ?? 0) + 1, reason })
      if (isDue(source, at)) tell(source, at)
    },
    async step() {
      const at = now()
      for (const source of [...untold.keys()]) if (isDue(source, at)) tell(source, at)
      if (unwritten.size === 0) return
      const writing = unwritten
      unwritten = new Map()
      try {
        await store.addRefusals([...writing.values()])
      } catch (error) {
        for (const [key, refusal] of writing) keep(key, refusal)
        throw error
      }
    },
  }
}
