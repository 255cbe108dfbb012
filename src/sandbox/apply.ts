import type { z } from 'zod'
import { checksumOf, type IngestItem, ingestItemSchema } from '../domain/ingest-item.ts'
import { Refusal } from '../ingest/server/refusal.ts'
import {
  batchRequestSchema,
  type CallPath,
  deleteRequestSchema,
  heartbeatRequestSchema,
  itemRequestSchema,
  schemaRequestSchema,
} from '../ingest/wire.ts'
import type { SandboxState } from './state.ts'

export interface ItemVerdict {
  readonly id: string
  readonly status: 'accepted' | 'skipped' | 'failed'
  readonly error?: { readonly code: string; readonly message: string; readonly retryable: false }
}

/** `data` of the answer. */
export interface Applied {
  readonly accepted: number
  readonly skipped: number
  readonly failed: number
  readonly results: readonly ItemVerdict[]
}

export interface ApplyContext {
  readonly state: SandboxState
  readonly websiteId: string
  readonly hosts: readonly string[]
  readonly connectorType: string
  readonly at: number
}

/** Judges a verified body and changes the items accordingly. Throws Refusal if the call fails as a whole. */
export function applyCall(path: CallPath, json: unknown, context: ApplyContext): Applied {
  checkScope(json, context.websiteId)
  switch (path) {
    case 'item': {
      const { item } = parse(itemRequestSchema, json)
      const problem = problemOf(item, context.hosts)
      if (problem) throw new Refusal(400, problem.code, problem.message)
      return summed([putItem(item, context)])
    }
    case 'batch': {
      const { items, partial } = parse(batchRequestSchema, json)
      return applyBatch(items, partial ?? false, context)
    }
    case 'delete': {
      const { ids } = parse(deleteRequestSchema, json)
      return summed(ids.map((id) => ({ id, status: context.state.deleteItem(id) > 0 ? 'accepted' : 'skipped' })))
    }
    case 'heartbeat':
      parse(heartbeatRequestSchema, json)
      return summed([])
    case 'schema':
      parse(schemaRequestSchema, json)
      return summed([])
  }
}

/** With `partial` a bad item fails alone; without it all of the batch is refused. */
function applyBatch(items: readonly unknown[], partial: boolean, context: ApplyContext): Applied {
  const read = items.map((value, index) => readItem(value, index, context.hosts))
  const bad = read.filter((entry) => 'verdict' in entry).map(({ verdict }) => verdict)
  if (bad.length > 0 && !partial) {
    throw new Refusal(
      400,
      bad[0]!.error?.code ?? 'validation.failed',
      `${bad.length} of ${items.length} items are bad`,
      {
        items: bad,
      },
    )
  }
  return summed(read.map((entry) => ('verdict' in entry ? entry.verdict : putItem(entry.item, context))))
}

function readItem(
  value: unknown,
  index: number,
  hosts: readonly string[],
): { item: IngestItem } | { verdict: ItemVerdict } {
  const parsed = ingestItemSchema.safeParse(value)
  const problem = parsed.success
    ? problemOf(parsed.data, hosts)
    : { code: 'validation.failed', message: problemsOf(parsed.error) }
  if (parsed.success && !problem) return { item: parsed.data }
  return { verdict: { id: idOf(value) ?? `#${index}`, status: 'failed', error: { ...problem!, retryable: false } } }
}

/** What the schema can't see: the checksum, recomputed, and the host. */
function problemOf(item: IngestItem, hosts: readonly string[]): { code: string; message: string } | null {
  const checksum = checksumOf(item)
  if (checksum !== item.checksum) {
    return { code: 'validation.checksum_mismatch', message: `checksum of the content is ${checksum}` }
  }
  const host = URL.parse(item.url)?.host
  if (host === undefined || !hosts.includes(host)) {
    return {
      code: 'validation.host_mismatch',
      message: `host of url is ${host}, site domain is ${hosts.join(', or ')}`,
    }
  }
  return null
}

function putItem(item: IngestItem, { state, connectorType, at }: ApplyContext): ItemVerdict {
  const { type, id, url, checksum } = item
  if (state.checksumOf(type, id) === checksum) return { id, status: 'skipped' }
  state.putItem({ type, id, url, checksum, connectorType, receivedAt: at, item })
  return { id, status: 'accepted' }
}

function summed(results: readonly ItemVerdict[]): Applied {
  const count = (status: ItemVerdict['status']) => results.filter((result) => result.status === status).length
  return { accepted: count('accepted'), skipped: count('skipped'), failed: count('failed'), results }
}

function checkScope(json: unknown, websiteId: string): void {
  const claimed = typeof json === 'object' && json !== null && 'website_id' in json ? json.website_id : undefined
  if (typeof claimed === 'string' && claimed !== websiteId) {
    throw new Refusal(403, 'auth.scope_violation', "website_id is outside the token's scope")
  }
}

function parse<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  throw new Refusal(400, 'validation.failed', problemsOf(parsed.error))
}

function problemsOf({ issues }: z.core.$ZodError): string {
  return issues
    .slice(0, 10)
    .map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
    .join('; ')
}

function idOf(value: unknown): string | null {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null
  return typeof id === 'string' ? id : null
}
