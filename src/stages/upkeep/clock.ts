import type { Emit } from '../../domain/signal.ts'
import type { Upkeep } from '../../store/contract/upkeep.ts'
import type { WatchedClock } from '../ports.ts'

export interface ClockStepDeps {
  readonly store: Pick<Upkeep, 'recover'>
  readonly clock: WatchedClock
  readonly emit: Emit
}

/** What time synchronization does in small steps delays nothing by more than this. */
const noticeableMs = 5_000

/**
 * Looks whether the clock has been set back since the last look, and answers that. What has its time by the clock as it was
 * would wait until that comes once more: it is due now, at worst before its wait is over.
 */
export function createClockStep({ store, clock, emit }: ClockStepDeps): () => Promise<boolean> {
  return async function clockStep() {
    const byMs = clock.setBackMs()
    const isSetBack = byMs >= noticeableMs
    if (isSetBack) {
      await store.recover({ longestWaitMs: 0 }) // where that fails, the next look finds the same
      emit({ kind: 'clock.stepped_back', byMs: Math.round(byMs) })
    }
    clock.trust()
    return isSetBack
  }
}
