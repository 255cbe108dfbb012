import { z } from 'zod'
import { ingestItemSchema } from '../domain/ingest-item.ts'

/** A time as the API tells it: RFC 3339, in UTC. */
export const time = z.iso.datetime()

export function timeOf(at: number): string {
  return new Date(at).toISOString()
}

export function timeOrNull(at: number | null): string | null {
  return at === null ? null : timeOf(at)
}

export const count = z.int().min(0)
export const text = z.string()
export const textOrNull = text.nullable()

export const ingestItem = ingestItemSchema.meta({
  id: 'IngestItem',
  description: 'Content as the ingest API takes it.',
})
