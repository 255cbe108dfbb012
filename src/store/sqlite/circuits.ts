import type { Circuit } from '../../domain/circuit.ts'
import type { CircuitChange, StoredCircuit } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'

interface CircuitRow {
  readonly destination: string
  readonly circuit: string
  readonly revision: number
}

/** The circuits of destinations, each with the revision of its last change. */
export function createCircuits(database: Database) {
  const selectSince = prepare<CircuitRow>(
    database,
    'select destination, circuit, revision from circuits where revision > ? order by revision',
  )
  const selectOne = prepare<CircuitRow>(
    database,
    'select destination, circuit, revision from circuits where destination = ?',
  )
  const putCircuit = prepare<{ readonly revision: number }>(
    database,
    `insert into circuits (destination, circuit, revision)
     values (?, ?, (select coalesce(max(revision), 0) + 1 from circuits))
     on conflict do update set circuit = excluded.circuit, revision = excluded.revision
     returning revision`,
  )

  function circuitsSince(revision: number): readonly StoredCircuit[] {
    return selectSince.all(revision).map((row) => ({ ...row, circuit: JSON.parse(row.circuit) }))
  }

  function changeCircuit(destination: string, expectedRevision: number, next: Circuit): CircuitChange {
    // Synced: one that a person has opened or closed must stay so.
    return database.transact('synced', () => {
      const stored = selectOne.get(destination)
      const revision = stored?.revision ?? 0
      if (revision !== expectedRevision) {
        return { isChanged: false, circuit: stored ? JSON.parse(stored.circuit) : null, revision }
      }
      const put = putCircuit.get(destination, JSON.stringify(next))!
      return { isChanged: true, circuit: next, revision: put.revision }
    })
  }

  return { circuitsSince, changeCircuit }
}
