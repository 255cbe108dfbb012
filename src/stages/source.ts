import type { Mapper } from '../mapping/mapper.ts'
import type { Verifier } from '../verify/verifier.ts'

/** A configured source, ready for work. */
export interface Source {
  readonly name: string
  readonly enabled: boolean
  readonly mapper: Mapper
  readonly verifier: Verifier
  /** Names of destinations. */
  readonly destinations: readonly string[]
}
