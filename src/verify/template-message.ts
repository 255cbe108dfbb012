import type { InboundRequest } from '../domain/inbound-request.ts'
import { readForm } from './form.ts'
import { pathOf, urlOf } from './public-url.ts'
import { type Mismatch, mismatch } from './scheme.ts'
import { isContent, type TemplatePart } from './template.ts'

/** What a template is filled with. */
export interface Filling {
  readonly delivery: InboundRequest
  /** The bytes that the sender signed. */
  readonly body: Buffer
  /** As it was sent; undefined only for templates without it. */
  readonly time: string | undefined
  readonly publicUrl: string | undefined
}

/** What is signed, in parts; or why the request can't have been signed so. */
export function messageOf(
  template: readonly TemplatePart[],
  filling: Filling,
): readonly (string | Uint8Array)[] | Mismatch | string {
  if (template.length === 1 && template[0]!.kind === 'body') return [filling.body] // most are
  const message: (string | Uint8Array)[] = []
  const content = template.findIndex(isContent)
  for (const [index, part] of template.entries()) {
    const value = partText(part, filling)
    if (value === null) return part.kind === 'header' ? `header ${part.name} is missing or empty` : noForm
    const refusal = refusalOf(part, index > content ? behind(template, index) : before(template, index), filling)
    if (refusal !== null) return refusal
    message.push(value)
  }
  return message
}

/** What stands between a part and the body, and how much that proves. */
interface Border {
  /** The character by which a reader tells where the part ends; null if there is none. */
  readonly sign: string | null
  readonly isAtContent: boolean
  readonly isBehind: boolean
}

function before(template: readonly TemplatePart[], index: number): Border {
  const next = template[index + 1]
  const sign = next?.kind === 'text' ? next.text.charAt(0) : null
  return { sign, isAtContent: next !== undefined && isContent(next), isBehind: false }
}

/** Behind the body a text is read from its end, so that the body may hold anything. */
function behind(template: readonly TemplatePart[], index: number): Border {
  const previous = template[index - 1]
  const sign = previous?.kind === 'text' ? previous.text.charAt(previous.text.length - 1) : null
  return { sign, isAtContent: previous !== undefined && isContent(previous), isBehind: true }
}

/** Why another request could have been signed alike; null if none could. */
function refusalOf(
  part: TemplatePart,
  { sign, isAtContent, isBehind }: Border,
  filling: Filling,
): Mismatch | string | null {
  const chosen = chosenText(part, filling)
  if (chosen === '') return null
  if (sign !== null && chosen.includes(sign) && !(isBehind && isWhole(filling.body))) {
    const reason = `${wordsOf(part)} holds what marks its ${isBehind ? 'beginning' : 'end'} in what is signed: '${sign}'`
    return isBehind ? mismatch(reason) : reason
  }
  if (sign !== null || !isAtContent || isWhole(filling.body)) return null
  return mismatch(
    part.kind === 'url'
      ? 'the url is longer than public_url, and nothing marks where it ends in what is signed: public_url may hold its query'
      : `nothing marks where ${wordsOf(part)} ends in what is signed`,
  )
}

/** Whether a body can be told from any part of itself, and from itself with more: a JSON object or list can. */
function isWhole(body: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

const noForm = mismatch('the body is not a form')

/** Null if it is not there. */
function partText(part: TemplatePart, { delivery, body, time, publicUrl }: Filling): string | Uint8Array | null {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'body':
      return body
    case 'form':
      return readForm(body)
    case 'timestamp':
      return time ?? null
    case 'method':
      return delivery.method
    case 'url':
      return urlOf(setQuery(publicUrl) === null ? (publicUrl ?? '') : publicUrl!.split('?', 1)[0]!, delivery)
    case 'path':
      return pathOf(publicUrl?.split('?', 1)[0], delivery)
    case 'query':
      return delivery.query
    case 'header':
      return (Object.hasOwn(delivery.headers, part.name) && delivery.headers[part.name]) || null
  }
}

/** What of a part whoever sends the webhook on may have chosen: it must not hold what ends the part, or two requests would be signed alike. */
function chosenText(part: TemplatePart, { delivery, publicUrl }: Filling): string {
  switch (part.kind) {
    case 'header':
      return delivery.headers[part.name] ?? ''
    case 'url':
      return urlOf('', setQuery(publicUrl) === delivery.query ? { ...delivery, query: '' } : delivery)
    case 'path':
      return delivery.path
    case 'query':
      return delivery.query
    default:
      return ''
  }
}

/** The query that the URL has as it is set in the sender; null if that has none. */
function setQuery(publicUrl: string | undefined): string | null {
  const at = publicUrl?.indexOf('?') ?? -1
  return at === -1 ? null : publicUrl!.slice(at + 1)
}

function wordsOf(part: TemplatePart): string {
  return part.kind === 'header' ? `header ${part.name}` : `the ${part.kind}`
}
