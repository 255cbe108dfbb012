import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { RelayError } from '../../domain/errors.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

/** The migrations in a folder, in order: `0001-name.sql` and so on. */
export function readFolder(folder: URL): readonly Migration[] {
  const names = readdirSync(folder).filter((name) => /^\d{4}-.+\.sql$/.test(name))
  return names.sort().map((name, index) => {
    if (Number(name.slice(0, 4)) !== index + 1) throw new Error(`migration ${name} is out of sequence`)
    const sql = readFileSync(new URL(name, folder), 'utf8')
    return { number: index + 1, name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
  })
}

/** How many were run, by what a database says. Throws RelayError `unavailable` if they are not those of this version. */
export function countRun(
  run: readonly Omit<Migration, 'sql'>[],
  migrations: readonly Migration[],
  database: string,
): number {
  for (const { number, name, checksum } of run) {
    const known = migrations[number - 1]
    if (!known) {
      const text = `${database} was written by a newer cms-relay (it has ${name}): upgrade this one`
      throw new RelayError('unavailable', text)
    }
    if (known.checksum !== checksum) {
      throw new RelayError('unavailable', `${database} was made by another ${name} than this cms-relay has`)
    }
  }
  return run.length
}
