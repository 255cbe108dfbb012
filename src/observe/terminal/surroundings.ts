import type { Deliver } from '../../stages/deliver/deliver.ts'
import type { Destination } from '../../stages/destination.ts'
import type { Source } from '../../stages/source.ts'
import { tokenSchemes } from '../../verify/coverage.ts'

/** What lines about signals have to know of what runs. */
export interface Surroundings {
  /** The names of what is configured. */
  sources(): readonly string[]
  destinations(): readonly string[]
  /** Whether a source's sender shows a fixed secret, or signs. */
  proofOf(source: string): 'secret' | 'signature'
  /** Whether a destination takes items now; null if it is not configured. */
  standingOf(destination: string): Standing | null
}

export interface Standing {
  /** `off`: by `enabled: false`. */
  readonly state: 'closed' | 'open' | 'disabled' | 'off'
  readonly reason: string | null
  /** How long a changed item rests at most before it is sent. Milliseconds. */
  readonly maxWaitMs: number
}

/** While nothing runs yet. */
export const nothingAround: Surroundings = {
  sources: () => [],
  destinations: () => [],
  proofOf: () => 'signature',
  standingOf: () => null,
}

interface Running {
  readonly sources: ReadonlyMap<string, Pick<Source, 'verifier'>>
  readonly destinations: ReadonlyMap<string, Pick<Destination, 'enabled' | 'debounce'>>
  readonly delivers: ReadonlyMap<string, Pick<Deliver, 'circuit'>>
}

export function surroundingsOf({ sources, destinations, delivers }: Running): Surroundings {
  return {
    sources: () => [...sources.keys()],
    destinations: () => [...destinations.keys()],
    proofOf: (name) => (tokenSchemes.has(sources.get(name)?.verifier.scheme ?? '') ? 'secret' : 'signature'),
    standingOf(name) {
      const destination = destinations.get(name)
      if (!destination) return null
      const { state = 'closed', reason = null } = delivers.get(name)?.circuit() ?? {}
      const { maxWaitMs } = destination.debounce
      return destination.enabled ? { state, reason, maxWaitMs } : { state: 'off', reason: null, maxWaitMs }
    },
  }
}
