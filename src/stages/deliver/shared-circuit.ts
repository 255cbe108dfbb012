import { type Circuit, type CircuitEvent, closedCircuit, nextCircuit } from '../../domain/circuit.ts'
import type { CircuitChange, Circuits, StoredCircuit } from '../../store/contract/circuits.ts'

export interface SharedCircuitDeps {
  readonly store: Pick<Circuits, 'changeCircuit'>
  readonly destination: string
  /** As it is in the store; a destination that never failed has none. */
  readonly stored: StoredCircuit | undefined
  readonly at: number
  /** Called after each change, also with those that others have decided. */
  readonly onChange?: (before: Circuit, after: Circuit) => void
}

/** The circuit of one destination, which all replicas decide together. */
export interface SharedCircuit {
  /** As this replica knows it. */
  current(): Circuit
  /** Another number once anybody has changed it. */
  revision(): number
  /**
   * Decides what an event means for the newest circuit, and writes it. `expectMeant` is called before each try, and may throw: what
   * others have decided meanwhile can make the event pointless. Answers the circuit that counts afterwards.
   */
  decide(event: CircuitEvent, at: number, expectMeant?: () => void): Promise<Circuit>
  /** Takes over what another replica or a command has decided; answers whether that was new. */
  adopt(stored: StoredCircuit): boolean
}

/**
 * Compare and swap: a decision counts only if it was made from the circuit that the store has.
 *
 *     decide ──written──▶ current
 *       ▲  └──another one was──▶ take that over ─┐
 *       └────────────────────────────────────────┘
 */
export function createSharedCircuit({
  store,
  destination,
  stored,
  at: createdAt,
  onChange = () => {},
}: SharedCircuitDeps): SharedCircuit {
  let circuit = stored?.circuit ?? closedCircuit(createdAt)
  let revision = stored?.revision ?? 0
  /** Decisions of this replica are made one after the other. */
  let last: Promise<unknown> = Promise.resolve()

  function take(stored: Pick<CircuitChange, 'circuit' | 'revision'>): void {
    const before = circuit
    circuit = stored.circuit ?? closedCircuit(createdAt)
    revision = stored.revision
    onChange(before, circuit)
  }

  async function decideNow(event: CircuitEvent, at: number, expectMeant: () => void): Promise<Circuit> {
    for (;;) {
      expectMeant()
      const next = nextCircuit(circuit, event, at)
      if (next === circuit) return circuit
      const expected = revision
      const change = await store.changeCircuit(destination, expected, next)
      // A smaller revision than expected is that of a store which was restored.
      if (change.revision > revision || change.revision < expected) take(change)
      if (change.isChanged) return circuit
    }
  }

  return {
    current: () => circuit,
    revision: () => revision,
    decide(event, at, expectMeant = () => {}) {
      const decided = last.then(() => decideNow(event, at, expectMeant))
      last = decided.catch(() => {})
      return decided
    },
    adopt(stored) {
      if (stored.revision <= revision) return false
      take(stored)
      return true
    },
  }
}

/** The circuits of all destinations that ever had one, by name. */
export async function readCircuits(
  store: Pick<Circuits, 'circuitsSince'>,
): Promise<ReadonlyMap<string, StoredCircuit>> {
  return new Map((await store.circuitsSince(0)).map((stored) => [stored.destination, stored]))
}

/** Decides the circuit of a destination that this process does not deliver to. */
export async function decideCircuit(
  store: Circuits,
  destination: string,
  event: CircuitEvent,
  at: number,
): Promise<Circuit> {
  const stored = (await readCircuits(store)).get(destination)
  return createSharedCircuit({ store, destination, stored, at }).decide(event, at)
}
