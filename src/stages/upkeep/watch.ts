import type { Emit, Signal } from '../../domain/signal.ts'
import { heard, isNowSilent, type Rhythm, silenceLimit } from '../../domain/silence.ts'
import type { Upkeep } from '../../store/contract/upkeep.ts'

import type { Source } from '../source.ts'

export interface WatchDeps {
  readonly store: Pick<Upkeep, 'writeRhythms'>
  readonly sources: ReadonlyMap<string, Pick<Source, 'name' | 'enabled' | 'silentAfter'>>
  /** As stored. */
  readonly rhythms: ReadonlyMap<string, Rhythm>
  readonly now: () => number
  readonly emit: Emit
}

/** What is known of the rhythm of a source. Unix milliseconds. */
export interface SourceRhythm {
  readonly lastAt: number | null
  /** After how long it counts as silent; null: never, or not known yet. */
  readonly limitMs: number | null
  readonly silentAt: number | null
}

/** Watches whether webhooks of each source come as often as they use to. */
export interface Watch {
  /** Takes note of a webhook that was received at `at` (Unix milliseconds); of other signals nothing. In memory: receiving waits for nothing. */
  see(signal: Signal, at: number): void
  /** Says which sources have become silent, each silence once, and writes down what was learned. */
  step(): Promise<void>
  rhythmOf(source: string): SourceRhythm
}

export function createWatch({ store, sources, rhythms: stored, now, emit }: WatchDeps): Watch {
  const startedAt = now()
  const rhythms = new Map(stored)
  const unwritten = new Set<string>()

  function keep(source: string, rhythm: Rhythm): void {
    rhythms.set(source, rhythm)
    unwritten.add(source)
  }

  return {
    see(signal, at) {
      if (signal.kind !== 'webhook.received') return
      const { source } = signal
      const before = rhythms.get(source)
      keep(source, heard(before, at, sources.get(source)?.silentAfter ?? 'off'))
      if (before?.silentAt != null) emit({ kind: 'source.resumed', source, silentMs: at - before.lastAt })
    },
    async step() {
      const at = now()
      for (const { name, enabled, silentAfter } of sources.values()) {
        const rhythm = rhythms.get(name)
        if (!enabled || !rhythm || !isNowSilent(rhythm, silentAfter, at, startedAt)) continue
        keep(name, { ...rhythm, silentAt: at })
        const limitMs = silenceLimit(rhythm, silentAfter) ?? 0
        emit({ kind: 'source.silent', source: name, lastAt: rhythm.lastAt, silentMs: at - rhythm.lastAt, limitMs })
      }
      const changed = new Map([...rhythms].filter(([source]) => unwritten.has(source)))
      if (changed.size === 0) return
      unwritten.clear()
      try {
        await store.writeRhythms(changed)
      } catch (error) {
        for (const source of changed.keys()) unwritten.add(source)
        throw error
      }
    },
    rhythmOf(source) {
      const rhythm = rhythms.get(source)
      if (!rhythm) return { lastAt: null, limitMs: null, silentAt: null }
      const limitMs = silenceLimit(rhythm, sources.get(source)?.silentAfter ?? 'off')
      return { lastAt: rhythm.lastAt, limitMs, silentAt: rhythm.silentAt }
    },
  }
}
