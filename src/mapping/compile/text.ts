import { isObject, kindOf } from '../../json/kind.ts'
import { expressionText, type Field, FieldError } from './field.ts'

/** A field's value as text: numbers and booleans are written out, null and empty text are nothing. */
export function textIn(value: unknown, field: Field): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value.trim() === '' ? undefined : value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new FieldError(`${field.label}: ${expressionText(field.text)} gave ${kindOf(value)}, not text`)
}

/** A field's value as an object; null is nothing. */
export function objectIn(value: unknown, field: Field): Record<string, unknown> | undefined {
  if (value === undefined || value === null) return undefined
  if (isObject(value)) return value
  throw new FieldError(`${field.label}: ${expressionText(field.text)} gave ${kindOf(value)}, not an object`)
}
