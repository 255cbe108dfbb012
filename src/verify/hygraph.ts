import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import { RelayError } from '../domain/errors.ts'
import { createHmacOf } from './hmac-of.ts'
import { mismatch, type Scheme } from './scheme.ts'
import { signedSettings } from './settings.ts'
import { createSignedScheme } from './signed-scheme.ts'

export const hygraphSchema = z
  .strictObject({ scheme: z.literal('hygraph'), ...signedSettings('gcms-signature', 'unlimited') })
  .describe("Hygraph's `sign=<base64>, env=<environment>, t=<ms>`.")

/**
 * Hygraph's `sign=<base64>, env=<environment>, t=<ms>`: HMAC-SHA256 of a JSON text that holds the body as a string, the
 * environment and the timestamp. The official helper checks no age. Source: hygraph/hygraph-utils index.js
 */
export function createHygraphScheme(config: z.infer<typeof hygraphSchema>, secrets: readonly string[]): Scheme {
  const { header } = config
  const hmacs = secrets.map((secret) => createHmacOf('sha256', secret))
  return createSignedScheme('hygraph', config, {
    read(value, body) {
      const match = /^sign=([A-Za-z0-9+/]+={0,2}), ?env=([^,]*), ?t=(\d{1,16})$/.exec(value)
      if (!match) return `header ${header} is not of the form sign=<base64>, env=<environment>, t=<ms>`
      const [, signature = '', environment = '', timestamp = ''] = match
      // As text, bytes that are not UTF-8 would all look alike.
      if (!isUtf8(body)) return mismatch('the body is not UTF-8')
      const signed = signedText(body, environment, Number(timestamp))
      const expected = hmacs.flatMap((hmacOf) => formsOf(signed).map((text) => hmacOf('base64', text)))
      return { given: [signature], expected, atMs: Number(timestamp) }
    },
    sign({ headers, body }, { nowMs }) {
      if (!isUtf8(body)) throw new RelayError('invalid', 'the body has to be UTF-8: it is signed as text')
      const environment = /, ?env=([^,]*), ?t=/.exec(headers[header] ?? '')?.[1] ?? 'master'
      const signature = hmacs[0]!('base64', formsOf(signedText(body, environment, nowMs))[0]!)
      return { [header]: `sign=${signature}, env=${environment}, t=${nowMs}` }
    },
  })
}

function signedText(body: Buffer, environment: string, timestampMs: number): string {
  return JSON.stringify({ Body: body.toString('utf8'), EnvironmentName: environment, TimeStamp: timestampMs })
}

/**
 * Hygraph's helper signs `&`, `<` and `>` of the body as \\u0026, \\u003c and \\u003e, as Go writes JSON; its
 * documentation says the body as it is. In JSON both mean the same, so either passes.
 */
function formsOf(signed: string): readonly string[] {
  if (!/[&<>]/.test(signed)) return [signed]
  const escaped = signed.replace(/[&<>]/g, (char) => `\\\\u00${char.charCodeAt(0).toString(16)}`)
  return [escaped, signed]
}
