import type { Circuit } from '../../domain/circuit.ts'
import { type Database, prepare } from './database.ts'

/** Circuits that another process has set beside a running relay. */
export function createOrders(database: Database) {
  const putOrder = prepare(
    database,
    'insert into circuit_orders (destination, circuit) values (?, ?) on conflict do update set circuit = excluded.circuit',
  )
  const putCircuit = prepare(
    database,
    `insert into circuits (destination, circuit, revision)
     values (?, ?, (select coalesce(max(revision), 0) + 1 from circuits))
     on conflict do update set circuit = excluded.circuit, revision = excluded.revision`,
  )
  const selectOrders = prepare<{ destination: string; circuit: string }>(
    database,
    'select destination, circuit from circuit_orders',
  )
  const deleteOrders = prepare(database, 'delete from circuit_orders')

  function orderCircuit(destination: string, circuit: Circuit): void {
    const text = JSON.stringify(circuit)
    database.transact('synced', () => {
      putCircuit.run(destination, text)
      putOrder.run(destination, text)
    })
  }

  function takeCircuitOrders(): ReadonlyMap<string, Circuit> {
    if (selectOrders.get() === undefined) return new Map() // nearly always, and without a write
    return database.transact('synced', () => {
      const orders = selectOrders.all()
      for (const { destination, circuit } of orders) putCircuit.run(destination, circuit)
      deleteOrders.run()
      return new Map(orders.map(({ destination, circuit }) => [destination, JSON.parse(circuit)]))
    })
  }

  return { orderCircuit, takeCircuitOrders }
}
