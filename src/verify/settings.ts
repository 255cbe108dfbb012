import { z } from 'zod'
import { duration } from '../domain/units.ts'
import { readPublicKey } from './public-key.ts'

/** The name of a header, however it is written. */
export const headerName = z.string().min(1).toLowerCase()

/** How far a timestamp may be from now. Milliseconds afterwards; infinite for `unlimited`. */
export function toleranceSetting(preset: string) {
  return z
    .union([z.literal('unlimited').transform(() => Number.POSITIVE_INFINITY), duration], {
      error: 'must be a duration such as 30s or 5m, or unlimited',
    })
    .prefault(preset)
    .describe('How far the signed timestamp may be from now, in the past or the future; `unlimited` checks no age.')
}

/** The settings of a scheme with a header of its own, which is signed with the time. */
export function signedSettings(header: string, tolerance: string) {
  return {
    header: headerName.default(header).describe('The header with the signature.'),
    tolerance: toleranceSetting(tolerance),
  }
}

/** The URL that the sender calls, if a proxy has another one for it than the relay. */
export const publicUrl = z
  .url({ protocol: /^https?$/, error: 'must be an absolute http(s) url' })
  .refine((text) => !/[?#]/.test(text), { error: 'must not have a query or fragment' })

/** The same with the query that is set in the sender, if there is one. */
export const publicUrlWithQuery = z
  .url({ protocol: /^https?$/, error: 'must be an absolute http(s) url' })
  .refine((text) => !text.includes('#'), { error: 'must not have a fragment' })

/** A public key or a list of them, in PEM form; key objects afterwards. */
export const publicKeys = z
  .union([z.string(), z.array(z.string()).min(1)], {
    error: ({ input }) =>
      `${input === undefined ? 'is required:' : 'must be'} a public key in PEM form, or a list of them`,
  })
  .transform((texts, context) => {
    return [texts].flat().flatMap((text, index) => {
      const key = readPublicKey(text)
      if (typeof key !== 'string') return [key]
      context.issues.push({ code: 'custom', input: text, message: key, path: Array.isArray(texts) ? [index] : [] })
      return []
    })
  })
  .describe("The sender's public key or certificate (PEM); a list while rotating. May come from a file: `${file:…}`.")
