import { hash } from 'node:crypto'
import { type SourceType, sourceTypes } from '../../domain/ingest-item.ts'
import { readVersion, type Version } from '../../domain/version.ts'
import { wellFormed } from '../../domain/well-formed.ts'
import { expressionText, type Field, FieldError } from './field.ts'
import { textIn } from './text.ts'

export function isSourceType(value: unknown): value is SourceType {
  return (sourceTypes as readonly unknown[]).includes(value)
}

/** The item type; throws FieldError for a word that the ingest API does not know. */
export function typeIn(value: unknown, field: Field): SourceType {
  if (isSourceType(value)) return value
  const text = textIn(value, field)
  if (text === undefined) throw nothing(field)
  const hint = text === 'article' ? ' (articles are post)' : ''
  const known = sourceTypes.join(', ')
  throw new FieldError(`${field.label}: '${text.slice(0, 80)}' is no item type${hint}; there is ${known}`)
}

/** An id that lacks its last part, or that has nothing written out in it: what `post:${id}@en` of a module gives. */
const hollow = /(^|[:#@/])(null|undefined|NaN)?$|(^|[:#@])(null|undefined|NaN)[:#@]/

/** The stable id: text of 1 to 256 characters that names a record. */
export function idIn(value: unknown, field: Field): string {
  if (typeof value === 'boolean') {
    throw new FieldError(`${field.label}: ${expressionText(field.text)} gave ${value}, not text: the record has no id`)
  }
  const given = textIn(value, field)?.trim()
  const id = given === undefined ? undefined : wholeId(given)
  if (id === undefined) throw nothing(field)
  if (hollow.test(id)) {
    throw new FieldError(`${field.label}: ${expressionText(field.text)} gave '${id}': the record has no id`)
  }
  if (id.length > 256) {
    throw new FieldError(`${field.label}: has ${id.length} characters, at most 256 are allowed`)
  }
  return id
}

/** Ids that differ in what UTF-8 can't have alone must not become one: a hash of what was given tells them apart. */
function wholeId(id: string): string {
  const whole = wellFormed(id)
  return whole === id ? id : `${whole}~${hash('sha256', Buffer.from(id, 'utf16le'), 'hex').slice(0, 12)}`
}

/** The record's version; throws FieldError for what does not order. */
export function versionIn(value: unknown, field: Field): Version | null {
  try {
    return readVersion(value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new FieldError(`${field.label}: ${expressionText(field.text)}: ${error.message}`, { cause: error })
  }
}

/** The failure of a required field that gave nothing. */
export function nothing(field: Field): FieldError {
  return new FieldError(`${field.label}: ${expressionText(field.text)} returned nothing`)
}
