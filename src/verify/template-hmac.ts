import { RelayError } from '../domain/errors.ts'
import type { InboundRequest } from '../domain/inbound-request.ts'
import type { Proof } from '../domain/proof.ts'
import { type encodings, normalised } from './encoding.ts'
import { createHmacOf, type HmacAlgorithm } from './hmac-of.ts'
import { type Scheme, withHeaders } from './scheme.ts'
import { type KeyForm, readKey } from './secret-key.ts'
import { createSignedScheme, type SignedSides } from './signed-scheme.ts'
import { has, type Template, type TemplatePart } from './template.ts'
import { messageOf } from './template-message.ts'
import { judgeTimestamp, readTimestamp, writeTimestamp } from './timestamp.ts'
import { piecesOf, sentTime, type TimestampPlace, timeInBody } from './timestamp-place.ts'

/** How a sender makes an HMAC: the one description by which it is checked and made, and which says what it covers. */
export interface TemplateHmac {
  /** The header with the signature. */
  readonly header: string
  readonly proofHeaders?: readonly string[]
  /** What is signed. Of several, any may fit. */
  readonly over: readonly Template[]
  readonly algorithm?: HmacAlgorithm
  readonly encoding?: (typeof encodings)[number]
  readonly prefix?: string
  /** What separates the parts of the header; left out, all of it is one signature. */
  readonly separator?: string | undefined
  readonly key?: KeyForm
  /** What stands before the key in a secret. */
  readonly secretPrefix?: string
  readonly timestamp?: TimestampPlace | undefined
  readonly publicUrl?: string | undefined
}

/** A scheme of HMACs over a template. */
export function createTemplateHmac(name: string, hmac: TemplateHmac, secrets: readonly string[]): Scheme {
  const { header, over, algorithm = 'sha256', encoding = 'hex', prefix = '', separator, timestamp, publicUrl } = hmac
  const { proofHeaders = [header], key = 'raw', secretPrefix = '' } = hmac
  const keyOf = (secret: string) => (secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : secret)
  const hmacs = secrets.map((secret) => createHmacOf(algorithm, readKey(keyOf(secret), key)))
  const inBody = timestamp?.field === undefined ? undefined : timestamp
  const { tolerance = Number.POSITIVE_INFINITY } = inBody === undefined ? (timestamp ?? {}) : {}

  const untimed = over.filter((template) => !has(template, 'timestamp'))

  const sides: SignedSides = {
    read(value, body, delivery) {
      const pieces = piecesOf(value, separator)
      const given = pieces
        .filter((piece) => piece.startsWith(prefix))
        .map((piece) => normalised(piece.slice(prefix.length), encoding))
      const time = timeOf(hmac, delivery, pieces)
      const fitting = time === undefined ? untimed : over
      if (given.length === 0 || time === null || fitting.length === 0) return formOf(hmac, given.length > 0)

      const expected: string[] = []
      for (const template of fitting) {
        const message = messageOf(template, { delivery, body, time, publicUrl })
        if (typeof message === 'string' || 'mismatch' in message) return message
        for (const hmacOf of hmacs) expected.push(hmacOf(encoding, ...message))
      }
      return time === undefined ? { given, expected } : { given, expected, atMs: readTimestamp(time, timestamp!.unit)! }
    },
    sign(before, { nowMs, id }) {
      const [template = []] = over
      const time = timestamp === undefined || inBody ? undefined : writeTimestamp(nowMs, timestamp.unit)
      const stamp = time === undefined ? '' : (timestamp?.prefix ?? '') + time
      const added: Record<string, string> = {}
      if (time !== undefined && timestamp?.header !== undefined) added[timestamp.header] = stamp
      const messageWith = (headers: Readonly<Record<string, string>>) =>
        messageOf(template, { delivery: withHeaders(before, headers), body: before.body, time, publicUrl })

      let message = messageWith(added)
      const ids = template.flatMap((part) => (part.kind === 'header' && part.isId ? [part.name] : []))
      if (typeof message === 'string' && ids.length > 0) {
        for (const one of ids) added[one] = id
        message = messageWith(added)
      }
      if (typeof message === 'string') throw new RelayError('invalid', message)
      if ('mismatch' in message) throw new RelayError('invalid', message.mismatch)
      const signature = prefix + hmacs[0]!(encoding, ...message)
      const isWithin = time !== undefined && timestamp?.header === undefined
      return { ...added, [header]: isWithin ? `${stamp}${separator}${signature}` : signature }
    },
  }

  const scheme = createSignedScheme(name, { header, proofHeaders, tolerance }, sides)
  if (inBody === undefined) return scheme
  return {
    ...scheme,
    check(delivery, body, nowMs) {
      const refusal = scheme.check(delivery, body, nowMs)
      if (refusal !== null) return refusal
      const atMs = timeInBody(inBody, body)
      if (atMs === null) return `${inBody.field} in the body is no timestamp`
      return judgeTimestamp(atMs, nowMs, inBody.tolerance)
    },
  }
}

/** What the proof of an authentic request covers besides its body. Of several templates, only what all of them hold. */
export function coverageOfTemplates(hmac: TemplateHmac): (delivery: InboundRequest, body: Buffer) => Proof {
  const { header, over, separator, timestamp } = hmac
  const isInAll = (kind: TemplatePart['kind']) => over.every((template) => has(template, kind))
  const [named = [], ...others] = over.map((template) =>
    template.flatMap((part) => (part.kind === 'header' ? part.name : [])),
  )
  const common = named.filter((name) => others.every((names) => names.includes(name)))
  const isTimed = timestamp !== undefined && (timestamp.field !== undefined || isInAll('timestamp'))
  const headers = [...new Set([...common, (isTimed && timestamp.header) || []].flat())]
  const isUrl = isInAll('method') && (isInAll('url') || (isInAll('path') && isInAll('query')))
  const fixed = { ...(headers.length > 0 && { headers }), ...(isUrl && { url: true }) }
  if (!isTimed) return () => fixed
  return function coverage(delivery, body) {
    if (timestamp.field !== undefined) return { ...fixed, at: timeInBody(timestamp, body) ?? undefined }
    const time = timeOf(hmac, delivery, piecesOf(delivery.headers[header] ?? '', separator))
    return { ...fixed, at: time ? (readTimestamp(time, timestamp.unit) ?? undefined) : undefined }
  }
}

/** The timestamp in the headers; undefined if there is none, null if it is not in form. */
function timeOf({ timestamp }: TemplateHmac, { headers }: InboundRequest, pieces: readonly string[]) {
  return timestamp === undefined || timestamp.field !== undefined ? undefined : sentTime(timestamp, headers, pieces)
}

/** What the headers should have looked like. */
function formOf({ header, prefix = '', separator = '', timestamp }: TemplateHmac, isSigned: boolean): string {
  if (timestamp?.header !== undefined && isSigned) return `header ${timestamp.header} holds no timestamp`
  if (timestamp === undefined || timestamp.header !== undefined || timestamp.field !== undefined) {
    return `header ${header} holds no signature that starts with ${prefix}`
  }
  return `header ${header} is not of the form ${timestamp.prefix ?? ''}<timestamp>${separator}${prefix}<signature>`
}
