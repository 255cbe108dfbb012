import type { z } from 'zod'

/** The users of a route: anybody, a sender that its source can verify, or the holder of a token with a role. A role may do what those before it may. */
export type Role = 'public' | 'source' | 'viewer' | 'operator' | 'admin'

/** What the routes are about, in the order in which they are described. */
export const tags = {
  webhooks: 'What senders ask.',
  events: 'Webhooks that were accepted.',
  items: 'Content at its destinations, desired and delivered.',
  batches: 'Calls to the ingest API, and their attempts.',
  destinations: 'Websites at an ingest API, and their circuits.',
  sources: 'Where webhooks come from.',
  mappers: 'How webhooks become items.',
  signals: 'What happens.',
  operation: 'The relay itself.',
  health: 'Whether the relay is well.',
  documentation: 'This description.',
} as const
export type Tag = keyof typeof tags

export interface AnswerInfo {
  readonly description: string
  readonly type: string
  /** Null: of any form. */
  readonly schema: z.ZodType | null
}

/** What the API says of one route. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** The whole path, as Fastify writes it: `/api/v1/events/:id`. */
  readonly path: string
  /** What generated clients call it. */
  readonly name: string
  readonly tag: Tag
  readonly role: Role
  readonly summary: string
  readonly query?: z.ZodObject | undefined
  /** `bytes`: a body of any type. */
  readonly body?: z.ZodObject | 'bytes' | undefined
  /** By status, or by `2XX`. */
  readonly answers: Readonly<Record<string, AnswerInfo>>
  /** Statuses of errors, besides those that any route of its role has. */
  readonly errors: readonly number[]
}
