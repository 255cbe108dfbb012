import type { InboundRequest } from '../domain/inbound-request.ts'
import { readObject } from './json-object.ts'
import { readTimestamp, type TimestampUnit } from './timestamp.ts'

/** Where a webhook says when it was signed: in a header, in a part of the header with the signature, or in the body. */
export interface TimestampPlace {
  /** A header of its own. */
  readonly header?: string | undefined
  /** What stands before it there, or in its part of the header with the signature. */
  readonly prefix?: string | undefined
  /** A member of the JSON body, in place of a header. */
  readonly field?: string | undefined
  readonly unit: TimestampUnit
  /** How far it may be from now. Milliseconds. */
  readonly tolerance: number
}

/** The parts of a header. */
export function piecesOf(value: string, separator: string | undefined): readonly string[] {
  return separator === undefined ? [value.trim()] : value.split(separator).map((piece) => piece.trim())
}

/** The timestamp in the headers as it was sent; undefined if there is none, null if it can't be told. */
export function sentTime(
  { header, prefix = '', unit }: TimestampPlace,
  headers: InboundRequest['headers'],
  pieces: readonly string[],
): string | null | undefined {
  const values = header === undefined ? pieces : [headers[header] ?? '']
  const [text, ...others] = values.flatMap((value) => (value.startsWith(prefix) ? [value.slice(prefix.length)] : []))
  if (text === undefined || (header !== undefined && text === '')) return undefined
  // A second timestamp would leave open which one is signed.
  return others.length === 0 && readTimestamp(text, unit) !== null ? text : null
}

/** The moment in the body, in unix milliseconds; null if there is none. To be asked once the body is known to be signed. */
export function timeInBody({ field, unit }: TimestampPlace, body: Buffer): number | null {
  const members = readObject(body)
  if (field === undefined || members === null || !Object.hasOwn(members, field)) return null
  const value = members[field]
  return typeof value === 'string' || typeof value === 'number' ? readTimestamp(String(value), unit) : null
}
