import { type Database, prepare } from './database.ts'

/** What one replica at a time does. */
export function createLeases(database: Database) {
  const takeLease = prepare(
    database,
    `insert into leases (name, owner, until) values (:name, :owner, :until)
     on conflict do update set owner = excluded.owner, until = excluded.until
     where leases.owner = excluded.owner or leases.until <= :at`,
  )

  function lease(name: string, owner: string, ms: number, at: number): boolean {
    return database.transact('unsynced', () => takeLease.run({ name, owner, until: at + ms, at }).changes > 0)
  }

  return { lease }
}
