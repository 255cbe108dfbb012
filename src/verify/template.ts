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
  const first = parts.findIndex(isContent)
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1]
    if (next === undefined || isClear(part, next, { isDate: unit === 'rfc3339', isBehind: index >= first })) continue
    mistakes.push(
      `has nothing between ${written(part)} and ${written(next)}: a sender could move text from one to the other`,
    )
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

/** Whether it is what the webhook says. */
export function isContent({ kind }: TemplatePart): boolean {
  return kind === 'body' || kind === 'form'
}

/** Whether one value ends, and the next one begins, where nobody can move text from one to the other. */
function isClear(
  part: TemplatePart,
  next: TemplatePart,
  { isDate, isBehind }: { readonly isDate: boolean; readonly isBehind: boolean },
): boolean {
  if (part.kind === 'text' || next.kind === 'text') return true
  // A date is so strict in form that none of its characters can pass for one of the part before it.
  if (next.kind === 'timestamp' && isDate) return true
  // What comes with a webhook is looked at: see `messageOf`.
  if (part.kind === 'url' && isContent(next)) return true
  return !isOpen(part) && !(isBehind && isOpen(next) && next.kind !== 'url')
}

/** Whether its end is chosen by whoever sends the webhook on. Timestamps are digits. */
function isOpen({ kind }: TemplatePart): boolean {
  return kind === 'header' || kind === 'query' || kind === 'path' || kind === 'url'
}

function written(part: TemplatePart): string {
  if (part.kind === 'text') return `'${part.text}'`
  if (part.kind !== 'header') return `{${part.kind}}`
  return part.isId ? '{id}' : `{header:${part.name}}`
}
