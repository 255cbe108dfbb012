import { aSixteenthMore, createAdaptiveLimit, oneMore } from '../../domain/adaptive-limit.ts'
import type { Answer } from '../../ingest/client/client.ts'
import type { Outcome } from '../../ingest/client/outcome.ts'
import type { SealedBatch } from '../../store/contract/store.ts'
import type { Destination } from '../destination.ts'

/** How much a destination is given at once. */
export interface Limits {
  /** Calls under way. */
  readonly calls: number
  /** Items of a new call. */
  readonly items: number
  /** Size of a new call. */
  readonly bytes: number
}

/** What a destination can take, as far as its answers tell; never more than its settings. */
export interface LearntLimits {
  current(): Limits
  learn(load: Load | null, batch: Pick<SealedBatch, 'items' | 'body' | 'attempts'>): void
}

export type Load = 'well' | 'too slow' | 'too large' | 'too often'

/**
 * What an attempt says about how much the destination can take; null: nothing.
 *
 *     413                                            too large: smaller calls
 *     timeout, 408, 504; any other failure that      too slow: smaller calls, and fewer at once
 *     took more than half of the time
 *     429                                            too often: fewer at once, but none smaller, since that makes more calls
 *     settled within half of the time                well: more
 *
 * What takes longer than half of the time is left as it is: more of it would come near the timeout.
 */
export function loadOf(answer: Answer, outcome: Outcome, timeoutMs: number): Load | null {
  const isQuick = answer.durationMs <= timeoutMs / 2
  switch (outcome.kind) {
    case 'settled':
      return isQuick ? 'well' : null
    case 'split':
      return 'too large'
    case 'retry': {
      if (answer.kind === 'no_answer') {
        if (answer.reason === 'connect' || answer.reason === 'aborted') return null // it has not seen the call
        return answer.reason === 'timeout' || !isQuick ? 'too slow' : null
      }
      if (answer.status === 429) return 'too often'
      return answer.status === 408 || answer.status === 504 || !isQuick ? 'too slow' : null
    }
    default:
      return null
  }
}

export function createLimits(settings: Pick<Destination, 'concurrency' | 'maxItems' | 'maxBytes'>): LearntLimits {
  const calls = createAdaptiveLimit(settings.concurrency, oneMore)
  const items = createAdaptiveLimit(settings.maxItems, aSixteenthMore)
  const bytes = createAdaptiveLimit(settings.maxBytes, aSixteenthMore)

  return {
    current: () => ({ calls: calls.limit(), items: items.limit(), bytes: bytes.limit() }),
    learn(load, batch) {
      if (load === 'well') calls.wentWell(calls.limit())
      if (load === 'too slow' || load === 'too often') calls.wasTooMuch(calls.limit())
      // A single item is as small as a call can be. An answer to a repeated call may come from memory, however large it is.
      if (load === 'well' && batch.attempts === 0) {
        items.wentWell(batch.items.length)
        bytes.wentWell(batch.body.length)
      }
      if ((load === 'too slow' || load === 'too large') && batch.items.length > 1) {
        items.wasTooMuch(batch.items.length)
        bytes.wasTooMuch(batch.body.length)
      }
    },
  }
}
