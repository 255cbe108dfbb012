import { randomBytes } from 'node:crypto'
import { UsageError } from '../shared/failure.ts'
import { print } from '../shared/report.ts'

/** Prints a random secret, base64url without padding. */
export function keygen({ bytes, json }: { readonly bytes: number; readonly json: boolean }): void {
  if (bytes < 16 || bytes > 1024) throw new UsageError('--bytes must be between 16 and 1024')
  const secret = randomBytes(bytes).toString('base64url')
  print({ secret }, { json, text: () => secret })
}
