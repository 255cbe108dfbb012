import { z } from 'zod'
import { RelayError } from '../domain/errors.ts'
import { ingestItemSchema } from '../domain/ingest-item.ts'
import { elementsOf, endOfValue, membersOf, type Span } from '../json/spans.ts'

// The wire format of the ingest API (contract 0.3.0), and the only module that knows a shape marked **assumed** there.

/** Where each kind of call goes, below the base URL. */
export const paths = {
  item: '/item',
  batch: '/batch',
  delete: '/delete',
  heartbeat: '/heartbeat',
  schema: '/schema',
} as const
export type CallPath = keyof typeof paths

/** Most items of one batch, and ids of one delete. */
export const maxItems = 500

export type BatchKind = 'upsert' | 'delete'

// Bodies

/** One item. **assumed** */
export function itemBody(websiteId: string, itemJson: string): Buffer {
  return Buffer.from(frame('item', JSON.stringify(websiteId)).join(itemJson))
}

/** Several items, from their ready JSON texts, which stand in the body as they are. */
export function batchBody(websiteId: string, itemJsons: readonly string[]): Buffer {
  return Buffer.from(frame('batch', JSON.stringify(websiteId)).join(itemJsons.join(',')))
}

/** Ids to tombstone. **assumed** */
export function deleteBody(websiteId: string, ids: readonly string[]): Buffer {
  return Buffer.from(frame('delete', JSON.stringify(websiteId)).join(ids.map((id) => JSON.stringify(id)).join(',')))
}

/** The website that a body is for. Throws for bytes that are no body of ours. */
export function websiteIdOf(body: Buffer): string {
  for (const { key, start } of membersOf(body)) {
    if (key === 'website_id') return JSON.parse(body.toString('utf8', start, endOfValue(body, start)))
  }
  throw new RelayError('invalid', 'the body names no website_id')
}

/** What stands before and after the items, or ids, of a body. */
function frame(path: 'item' | 'batch' | 'delete', websiteIdJson: string): readonly [string, string] {
  const start = `{"website_id":${websiteIdJson},`
  if (path === 'item') return [`${start}"item":`, '}']
  if (path === 'batch') return [`${start}"partial":true,"items":[`, ']}']
  return [`${start}"ids":[`, ']}']
}

/** Most bytes that a body of up to `count` items has besides their JSON texts: to be taken off a byte limit. */
export function envelopeBytes(websiteId: string, count: number = maxItems): number {
  return batchBody(websiteId, []).length + Math.max(0, count - 1)
}

export interface Heartbeat {
  readonly status?: string
  readonly cursor?: string
  readonly stats?: Readonly<Record<string, unknown>>
}

/** A sign of life. **assumed** */
export function heartbeatBody(websiteId: string, { status = 'ok', cursor, stats }: Heartbeat = {}): Buffer {
  return Buffer.from(JSON.stringify({ website_id: websiteId, status, cursor, stats }))
}

export interface TypeMapping {
  readonly type: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** The connector's field mappings. **assumed** */
export function schemaBody(websiteId: string, connectorType: string, mappings: readonly TypeMapping[]): Buffer {
  return Buffer.from(JSON.stringify({ website_id: websiteId, connector_type: connectorType, mappings }))
}

/** Which call a body of this module is for: a batch keeps only its bytes, and they say it. */
export function callOf(kind: BatchKind, body: Buffer): 'item' | 'batch' | 'delete' {
  if (kind === 'delete') return 'delete'
  for (const { key } of membersOf(body)) {
    if (key === 'item') return 'item'
    if (key === 'partial' || key === 'items') return 'batch'
  }
  throw new RelayError('invalid', 'body holds neither item nor items')
}

/** A part of a body, `ids` in the order in which they stand in it. */
export interface BodyPart {
  readonly path: 'item' | 'batch' | 'delete'
  readonly body: Buffer
  readonly count: number
  readonly ids: readonly string[]
}

/**
 * Takes a body apart into parts of `size` items or ids, the last with what is left; without a size into halves, the first
 * the larger one. The parent's own bytes in the parent's order. A part of one item is an `/item` body. Empty if there is
 * only one item or id: nothing to take apart.
 */
export function splitBody(kind: BatchKind, body: Buffer, size?: number): readonly BodyPart[] {
  let websiteIdJson = '""'
  let elements: readonly Span[] = []
  for (const { key, start } of membersOf(body)) {
    if (key === 'website_id') websiteIdJson = body.toString('utf8', start, endOfValue(body, start))
    if (key === (kind === 'delete' ? 'ids' : 'items')) elements = elementsOf(body, start)
  }
  if (elements.length < 2) return []
  const step = size ?? Math.ceil(elements.length / 2)
  const parts: BodyPart[] = []
  for (let from = 0; from < elements.length; from += step) {
    parts.push(partOf(kind, websiteIdJson, body, elements.slice(from, from + step)))
  }
  return parts
}

function partOf(kind: BatchKind, websiteIdJson: string, body: Buffer, part: readonly Span[]): BodyPart {
  const path = kind === 'delete' ? 'delete' : part.length === 1 ? 'item' : 'batch'
  const [before, after] = frame(path, websiteIdJson)
  const bytes = body.subarray(part[0]!.start, part.at(-1)!.end)
  const ids = part.map(({ start, end }) => {
    const value = JSON.parse(body.toString('utf8', start, end))
    return String(kind === 'delete' ? value : value.id)
  })
  return { path, body: Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]), count: part.length, ids }
}

// Requests, as a receiver checks them: strict

const websiteId = z.string()
const itemId = z.string().min(1).max(256)

/** `/item` **assumed** */
export const itemRequestSchema = z.strictObject({ website_id: websiteId, item: ingestItemSchema })

/** `/batch` with its items not yet looked at: with `partial: true` a bad one fails alone. */
export const batchRequestSchema = z.strictObject({
  website_id: websiteId,
  partial: z.boolean().optional(),
  items: z.array(z.unknown()).min(1).max(maxItems),
})

/** `/delete` **assumed** */
export const deleteRequestSchema = z.strictObject({
  website_id: websiteId,
  ids: z.array(itemId).min(1).max(maxItems),
})

/** `/heartbeat` **assumed** */
export const heartbeatRequestSchema = z.strictObject({
  website_id: websiteId,
  status: z.string(),
  cursor: z.string().optional(),
  stats: z.record(z.string(), z.unknown()).optional(),
})

/** `/schema` **assumed** */
export const schemaRequestSchema = z.strictObject({
  website_id: websiteId,
  connector_type: z.string(),
  mappings: z.array(z.strictObject({ type: z.string(), fields: z.record(z.string(), z.unknown()) })),
})

// Answers, as the relay reads them: lenient, since an answer that is not understood is at worst asked for again

const text = z.string().optional().catch(undefined)
const count = z.number().nonnegative().optional().catch(undefined)
const failure = z.object({
  code: text,
  message: text,
  status: z.number().optional().catch(undefined),
  retryable: z.boolean().optional().catch(undefined),
  requestId: text,
})

/** The outcome of one item: `accepted`, `skipped` or `failed`, the last with an error. **assumed** in its detail. */
const itemResult = z.object({ id: z.string(), status: z.string(), error: failure.optional().catch(undefined) })

// A member of the wrong kind counts as absent; results that are there but unreadable count as results that are missing.
const results = z
  .preprocess(
    (value) => (value === undefined || value === null ? undefined : Array.isArray(value) ? value : []),
    z.array(z.unknown()).optional(),
  )
  .transform((list) => list?.flatMap((entry) => itemResult.safeParse(entry).data ?? []))
const data = z.object({ accepted: count, skipped: count, failed: count, results })
const meta = z.object({ requestId: text }).optional().catch(undefined)

const envelopeSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), data: data.catch({ results: undefined }).default({ results: undefined }), meta }),
  z.object({ ok: z.literal(false), error: failure.catch({}), meta }),
])

/** An answer's envelope; every member but `ok` may be missing. */
export type Envelope = z.output<typeof envelopeSchema>
export type ItemResult = z.output<typeof itemResult>
export type Failure = z.output<typeof failure>

/** Item statuses that mean the API now has what was sent. `deleted` is **assumed**, for `/delete`. */
export const deliveredStatuses: ReadonlySet<string> = new Set(['accepted', 'skipped', 'deleted'])

/** The envelope in an answer's text, or null if there is none. `redact` is applied to every message for people. */
export function readEnvelope(
  answer: string,
  redact: (message: string) => string = (message) => message,
): Envelope | null {
  try {
    const json = JSON.parse(answer, (key, value) =>
      key === 'message' && typeof value === 'string' ? redact(value) : value,
    )
    return envelopeSchema.safeParse(json).data ?? null
  } catch {
    return null
  }
}
