import { z } from 'zod'
import type { Difference } from '../json/diff.ts'
import type { EventPreview, PreviewedItem } from '../stages/operate/preview-event.ts'
import type { WebhookPreview } from '../stages/operate/preview-webhook.ts'
import { count, ingestItem, text, textOrNull } from './fields.ts'
import { fieldsOf } from './resource.ts'

const skipped = textOrNull.describe('Why nothing came out, or what the CMS would have to be asked.')

export const webhookPreviewSchema = z
  .strictObject({
    event: z.strictObject({ id: textOrNull, topic: textOrNull, mapper: text, mapper_version: text }),
    changes: z.array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('upsert'), item: ingestItem, version: textOrNull }),
        z.strictObject({
          kind: z.literal('delete'),
          type: text,
          id: text,
          version: textOrNull,
          certain: z.boolean().describe('Whether the tombstone is sent even if the item never was.'),
        }),
      ]),
    ),
    skipped,
    nothing: z
      .array(z.strictObject({ record: text, field: text, expression: text, count }))
      .describe('The expressions that gave nothing.'),
    problems: z.array(text).describe('What should have come out and could not.'),
  })
  .meta({ id: 'WebhookPreview', description: 'What one webhook would come to.' })

export function presentWebhookPreview(preview: WebhookPreview): z.output<typeof webhookPreviewSchema> {
  return {
    event: {
      id: preview.event.id,
      topic: preview.event.topic,
      mapper: preview.event.mapper,
      mapper_version: preview.event.mapperVersion,
    },
    changes: preview.changes.map((change) =>
      change.kind === 'upsert'
        ? { kind: change.kind, item: change.item, version: change.version }
        : { kind: change.kind, type: change.type, id: change.id, version: change.version, certain: change.certain },
    ),
    skipped: preview.skipped,
    nothing: preview.nothing.map(({ record, field, expression, count }) => ({ record, field, expression, count })),
    problems: [...preview.problems],
  }
}

const differenceSchema = z
  .strictObject({
    path: text.describe('As in `json.price.amount` or `tags[2]`; empty for the whole item.'),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
  })
  .meta({
    id: 'Difference',
    description: 'One place in which two items differ. A side that has nothing there is left out.',
  })

const previewedItemSchema = z.strictObject({
  destination: text,
  type: text,
  id: text,
  kind: z.enum(['upsert', 'delete']),
  result: z
    .enum(['new', 'changed', 'same', 'stale'])
    .describe('`new`: no such item is known. `stale`: older than what is known, so it would change nothing.'),
  differences: z.array(differenceSchema).describe('From what is wanted now to what the mapper makes of the event.'),
})

const eventPreview = fieldsOf<EventPreview>()({
  event_id: [text, ({ eventId }) => eventId],
  source: [text, ({ source }) => source],
  mapper: [text, ({ mapper }) => mapper],
  mapper_version: [text, ({ mapperVersion }) => mapperVersion],
  mapped_with: [textOrNull.describe('The definition that mapped it last.'), ({ mappedWith }) => mappedWith],
  result: [z.enum(['same', 'changed', 'fails', 'skipped', 'not_compared']), ({ result }) => result],
  skipped: [skipped, (preview) => preview.skipped],
  error: [textOrNull, ({ error }) => error],
  changes: [z.array(previewedItemSchema), ({ changes }) => changes.map(presentPreviewedItem)],
})
export const presentEventPreview = eventPreview.present
export const eventPreviewSchema = z
  .strictObject(eventPreview.shape)
  .meta({ id: 'EventPreview', description: 'What a replay of an event would change.' })

function presentPreviewedItem(item: PreviewedItem): z.output<typeof previewedItemSchema> {
  const { destination, type, id, kind, result, differences } = item
  return { destination, type, id, kind, result, differences: differences.map(presentDifference) }
}

function presentDifference({ path, ...sides }: Difference): z.output<typeof differenceSchema> {
  return { path, ...sides }
}
