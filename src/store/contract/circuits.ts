import type { Circuit } from '../../domain/circuit.ts'

/** Whether a destination may be called, as all replicas see it. */
export interface Circuits {
  /** The circuit of each destination that ever had one. */
  readCircuits(): Promise<ReadonlyMap<string, Circuit>>
  writeCircuit(destination: string, circuit: Circuit): Promise<void>

  /** As `writeCircuit`, for a process beside a relay: whatever the relay writes before it has taken it over is undone by that. */
  orderCircuit(destination: string, circuit: Circuit): Promise<void>

  /** The circuits that were ordered since the last time, which from now on are those that `readCircuits` answers. */
  takeCircuitOrders(): Promise<ReadonlyMap<string, Circuit>>
}
