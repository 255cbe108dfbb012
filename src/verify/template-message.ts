import type { InboundRequest } from '../domain/inbound-request.ts'
import { readForm } from './form.ts'
import { pathOf, urlOf } from './public-url.ts'
import { type Mismatch, mismatch } from './scheme.ts'
import type { TemplatePart } from './template.ts'

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
  for (const [index, part] of template.entries()) {
    const value = partText(part, filling)
    if (value === null) return part.kind === 'header' ? `header ${part.name} is missing or empty` : noForm
    const next = template[index + 1]
    const isClear = next?.kind !== 'text' || !chosenText(part, filling).includes(next.text.charAt(0))
    if (!isClear) return `${wordsOf(part)} holds what marks its end in what is signed: '${next.text.charAt(0)}'`
    message.push(value)
  }
  return message
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
      return urlOf(publicUrl ?? '', delivery)
    case 'path':
      return pathOf(publicUrl, delivery)
    case 'query':
      return delivery.query
    case 'header':
      return (Object.hasOwn(delivery.headers, part.name) && delivery.headers[part.name]) || null
  }
}

/** What of a part whoever sends the webhook on may have chosen: it must not hold what ends the part, or two requests would be signed alike. */
function chosenText(part: TemplatePart, { delivery }: Filling): string {
  switch (part.kind) {
    case 'header':
      return delivery.headers[part.name] ?? ''
    case 'url':
      return urlOf('', delivery)
    case 'path':
      return delivery.path
    case 'query':
      return delivery.query
    default:
      return ''
  }
}

function wordsOf(part: TemplatePart): string {
  return part.kind === 'header' ? `header ${part.name}` : `the ${part.kind}`
}
