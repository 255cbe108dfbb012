import type { Circuit } from '../../domain/circuit.ts'

/** Whether a destination may be called, as all replicas see it. */
export interface Circuits {
  /**
   * The circuits that have changed after this revision, in the order of their changes; all of them after 0. Revisions grow over all
   * destinations, and become visible in their order: an answer never lacks one that is smaller than another in it.
   */
  circuitsSince(revision: number): Promise<readonly StoredCircuit[]>

  /**
   * Writes a circuit that was decided from the one with `expectedRevision` (0: there was none), on disk before it resolves
   * (fsync). If another replica has decided meanwhile nothing is written. Answers the circuit that counts from now on: the
   * loser decides again from that.
   */
  changeCircuit(destination: string, expectedRevision: number, next: Circuit): Promise<CircuitChange>
}

export interface StoredCircuit {
  readonly destination: string
  readonly circuit: Circuit
  readonly revision: number
}

export interface CircuitChange {
  /** Whether `next` was written. */
  readonly isChanged: boolean
  /** Null if the destination has none. */
  readonly circuit: Circuit | null
  readonly revision: number
}
