import { readFileSync } from 'node:fs'
import { UsageError } from './report.ts'

/** The bytes of a file, or of standard input for `-`. */
export function readInputFile(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    throw new UsageError(`cannot read ${file === '-' ? 'standard input' : file}: ${(error as Error).message}`)
  }
}
