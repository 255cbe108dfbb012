import { createHash } from 'node:crypto'

/** Tells credentials from other ones, and nothing about them: 64 bits of a hash. */
export function credentialsFingerprint(token: string, websiteId: string): string {
  const text = JSON.stringify(['cms-relay credentials', token, websiteId])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
