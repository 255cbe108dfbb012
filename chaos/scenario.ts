import type { Plan } from './plan.ts'
import type { Relay, RelayOptions } from './relay.ts'

/** What one scenario came to. `bad` is empty where all is as it should be. */
export interface Finding {
  readonly scenario: string
  readonly told: string
  readonly bad: readonly string[]
}

export type Scenario = (folder: string) => Promise<Omit<Finding, 'scenario'>>

export interface Staging extends Partial<RelayOptions> {
  readonly plan?: Plan
  /** Runs beside the traffic. */
  readonly meanwhile?: (relay: Relay) => Promise<void>
}
