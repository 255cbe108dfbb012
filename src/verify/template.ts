import { nearestName } from '../domain/nearest-name.ts'
import type { TimestampUnit } from './timestamp.ts'

/** What an HMAC is made over, in order: `{timestamp}.{body}` has three parts. */
export type Template = readonly TemplatePart[]
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'header'; readonly name: string; readonly isId: boolean }
  | { readonly kind: 'body' | 'form' | 'timestamp' | 'method' | 'url' | 'path' | 'query' }

const placeholders = ['body', 'form', 'timestamp', 'id', 'method', 'url', 'path', 'query'] as const

interface TemplateSettings {
  /** Of `{timestamp}`. */
  readonly unit?: TimestampUnit | undefined
  /** The header of `{id}`. */
  readonly id?: string | undefined
}

/** Reads a template. What is wrong with it goes into `mistakes`, and then the answer is of no use. */
export function readTemplate(over: string, { unit, id }: TemplateSettings = {}, mistakes: string[] = []): Template {
  const parts = [...over.matchAll(/\{[^{}]*\}|[^{}]+|[{}]/g)].map(([piece]) => partOf(piece, id, mistakes))
  if (mistakes.length > 0) return parts
  if (!has(parts, 'body') && !has(parts, 'form')) {
    mistakes.push('must hold {body} or {form}: a signature of anything else proves nothing of what a webhook says')
  }
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1]
    // A date is so strict in form that none of its characters can pass for one of the part before it.
    const isClear = next === undefined || next.kind === 'text' || (next.kind === 'timestamp' && unit === 'rfc3339')
    if (isOpen(part) && !isClear) {
      mistakes.push(
        `has nothing between ${written(part)} and ${written(next)}: a sender could move text from one to the other`,
      )
    }
  }
  return parts
}

/** Whether a template has a placeholder. */
export function has(template: Template, kind: TemplatePart['kind']): boolean {
  return template.some((part) => part.kind === kind)
}

function partOf(piece: string, id: string | undefined, mistakes: string[]): TemplatePart {
  if (!/[{}]/.test(piece)) return { kind: 'text', text: piece }
  const name = piece.slice(1, -1)
  const header = /^header:\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)$/.exec(name)?.[1]
  if (header !== undefined) return { kind: 'header', name: header.toLowerCase(), isId: false }
  const kind = placeholders.find((one) => one === name)
  if (kind === 'id') return { kind: 'header', name: id ?? '', isId: true }
  if (kind !== undefined) return { kind }
  const nearest = nearestName(name, placeholders)
  const known = `there is ${placeholders.map((one) => `{${one}}`).join(', ')} and {header:x-name}`
  mistakes.push(`has no placeholder ${piece}${nearest === null ? '' : ` (did you mean {${nearest}}?)`}: ${known}`)
  return { kind: 'text', text: piece }
}

/** Whether its end is chosen by whoever sends the webhook on. Timestamps are digits, and URLs begin as they are set. */
function isOpen({ kind }: TemplatePart): boolean {
  return kind === 'header' || kind === 'query' || kind === 'path'
}

function written(part: TemplatePart): string {
  if (part.kind === 'text') return `'${part.text}'`
  if (part.kind !== 'header') return `{${part.kind}}`
  return part.isId ? '{id}' : `{header:${part.name}}`
}
