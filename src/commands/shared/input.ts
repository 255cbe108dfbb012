import { readFileSync } from 'node:fs'
import { RelayError } from '../../domain/errors.ts'

/** The bytes of a file, or of standard input for `-`. */
export function readInputFile(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    throw new RelayError('invalid', `${file === '-' ? 'standard input' : file} can not be read`, { cause: error })
  }
}
