import { z } from 'zod'
import type { SourceRhythm } from '../stages/upkeep/watch.ts'
import type { OtherSource } from '../store/contract/store.ts'
import { count, text, textOrNull, time, timeOrNull } from './fields.ts'

const eventCounts = z.strictObject({ pending: count, waiting: count, failed: count })

export const sourceSchema = z
  .strictObject({
    name: text,
    enabled: z.boolean(),
    state: z
      .enum(['active', 'off', 'unconfigured'])
      .describe('`off`: by the configuration. `unconfigured`: the configuration does not name it any more.'),
    path: textOrNull.describe('Where its webhooks go.'),
    mapper: textOrNull,
    mapper_version: textOrNull,
    verify: textOrNull.describe('How webhooks are verified.'),
    destinations: z.array(text),
    rate_limit: z.strictObject({ max: z.int(), window: z.number().describe('Milliseconds.') }).nullable(),
    last_webhook_at: time.nullable(),
    silent_after_ms: z
      .number()
      .nullable()
      .describe('After how long it counts as silent; null: never, or not known yet.'),
    silent_at: time.nullable().describe('Since when it is silent.'),
    events: eventCounts.optional().describe('Of an unconfigured source: what is not settled.'),
  })
  .meta({ id: 'Source', description: 'Where webhooks come from, and what is wired to it.' })

/** What the presenter of a source reads. */
export interface SourceView {
  readonly name: string
  readonly enabled: boolean
  readonly mapper: { readonly name: string; readonly version: string }
  readonly verify: string
  readonly destinations: readonly string[]
  readonly rateLimit: { readonly max: number; readonly window: number } | undefined
  readonly rhythm: SourceRhythm
}

export function presentSource(source: SourceView): z.output<typeof sourceSchema> {
  const { name, enabled, mapper, verify, destinations, rateLimit, rhythm } = source
  return {
    name,
    enabled,
    state: enabled ? 'active' : 'off',
    path: `/webhooks/${name}`,
    mapper: mapper.name,
    mapper_version: mapper.version,
    verify,
    destinations: [...destinations],
    rate_limit: rateLimit ? { max: rateLimit.max, window: rateLimit.window } : null,
    last_webhook_at: timeOrNull(rhythm.lastAt),
    silent_after_ms: rhythm.limitMs,
    silent_at: timeOrNull(rhythm.silentAt),
  }
}

/** A source of which events are left and that the configuration does not name any more. */
export function presentOtherSource(other: OtherSource): z.output<typeof sourceSchema> {
  return {
    name: other.source,
    enabled: false,
    state: 'unconfigured',
    path: null,
    mapper: null,
    mapper_version: null,
    verify: null,
    destinations: [],
    rate_limit: null,
    last_webhook_at: null,
    silent_after_ms: null,
    silent_at: null,
    events: { pending: other.pending, waiting: other.waiting, failed: other.failed },
  }
}
