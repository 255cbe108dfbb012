import type { Rhythm } from '../../domain/silence.ts'
import { type Database, prepare } from './database.ts'

/** How often webhooks of each source come. */
export function createRhythms(database: Database) {
  const selectRhythms = prepare<{ source: string; rhythm: string }>(database, 'select source, rhythm from rhythms')
  const putRhythm = prepare(
    database,
    'insert into rhythms (source, rhythm) values (?, ?) on conflict do update set rhythm = excluded.rhythm',
  )

  function readRhythms(): ReadonlyMap<string, Rhythm> {
    return new Map(selectRhythms.all().map(({ source, rhythm }) => [source, JSON.parse(rhythm)]))
  }

  function writeRhythms(rhythms: ReadonlyMap<string, Rhythm>): void {
    // What a power cut takes of it is learned again.
    database.transact('unsynced', () => {
      for (const [source, rhythm] of rhythms) putRhythm.run(source, JSON.stringify(rhythm))
    })
  }

  return { readRhythms, writeRhythms }
}
