import { randomBytes } from 'node:crypto'
import type { Definition } from '../../../mapping/library/bind.ts'

/** A secret that nobody guesses, in the form that the mapper's scheme reads. */
export function newSecret({ verify }: Definition, random: (bytes: number) => Buffer = randomBytes): string {
  const { scheme, key } = verify ?? {}
  const bytes = random(32)
  if (scheme === 'standard-webhooks' && key === undefined) return `whsec_${bytes.toString('base64')}`
  if (key === 'hex') return bytes.toString('hex')
  return bytes.toString(key === 'base64' ? 'base64' : 'base64url')
}
