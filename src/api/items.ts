import { z } from 'zod'
import type {
  Attempt,
  ItemDetail,
  ItemKey,
  ItemSummary,
  Moved,
  NotedChange,
  Released,
} from '../store/contract/store.ts'
import { attemptSchema, presentAttempt } from './batches.ts'
import { count, ingestItem, text, textOrNull, time, timeOf, timeOrNull } from './fields.ts'
import { fieldsOf } from './resource.ts'

export const itemStatus = z.enum(['pending', 'delivered', 'dead'])
const itemKind = z.enum(['upsert', 'delete'])
const version = textOrNull.describe('The known version of the record: `t:` and a time, or `n:` and a number.')

const keyFields = { destination: text, type: text, id: text }
const head = fieldsOf<ItemSummary>()({
  seq: [z.int(), ({ seq }) => seq],
  destination: [text, ({ destination }) => destination],
  source: [text, ({ source }) => source],
  type: [text, ({ type }) => type],
  id: [text, ({ id }) => id],
  status: [itemStatus, ({ status }) => status],
})
const state = fieldsOf<ItemSummary>()({
  version: [version, (item) => item.version],
  held: [z.boolean().describe('An operator keeps it away.'), ({ held }) => held],
  removed: [z.boolean().describe('Its desired state is the removal of an operator.'), ({ removed }) => removed],
  checksum: [textOrNull.describe('Of the desired content.'), ({ checksum }) => checksum],
  delivered_kind: [
    z.enum(['upsert', 'delete', 'unknown']).nullable().describe('What the ingest API has acknowledged.'),
    ({ deliveredKind }) => deliveredKind,
  ],
  delivered_checksum: [textOrNull, ({ deliveredChecksum }) => deliveredChecksum],
  delivered_at: [time.nullable(), ({ deliveredAt }) => timeOrNull(deliveredAt)],
  changed_at: [time, ({ changedAt }) => timeOf(changedAt)],
  due_at: [
    time.nullable().describe('When it may be sent; null if nothing is to be done.'),
    ({ dueAt }) => timeOrNull(dueAt),
  ],
  error: [textOrNull, ({ error }) => error],
  batch_id: [textOrNull.describe('The batch that holds it now.'), ({ batchId }) => batchId],
  event_id: [
    textOrNull.describe('The event that set the desired state; null if an operator has removed the item.'),
    ({ eventId }) => eventId,
  ],
  failed_attempts: [count.describe('Tries that failed for this item alone.'), ({ attempts }) => attempts],
})

export const itemSchema = z
  .strictObject({ ...head.shape, desired_kind: itemKind, ...state.shape })
  .meta({ id: 'Item', description: 'One piece of content at one destination: desired and delivered state.' })

export function presentItem(item: ItemSummary): z.output<typeof itemSchema> {
  return { ...head.present(item), desired_kind: item.desiredKind, ...state.present(item) }
}

const notedSchema = z.strictObject({ kind: itemKind, version, event_id: text, changed_at: time })

function presentNoted({ kind, version, eventId, changedAt }: NotedChange): z.output<typeof notedSchema> {
  return { kind, version, event_id: eventId, changed_at: timeOf(changedAt) }
}

export const itemDetailSchema = z
  .strictObject({
    ...head.shape,
    ...state.shape,
    desired: z.strictObject({
      kind: itemKind,
      item: ingestItem.nullable().describe('Null for a tombstone.'),
    }),
    noted: notedSchema.nullable().optional().describe('Of a held item: what the CMS has wanted since.'),
    resource: text.nullable().describe("The model of the record that made it, or the mapper's name of that record."),
    locale: text.nullable().describe('The locale of that record, as the CMS says it.'),
    sources: z.array(text).describe('Every source that has ever spoken of it.'),
    attempts: z.array(attemptSchema).describe('The last 50, newest first.'),
  })
  .meta({ id: 'ItemDetail', description: 'An item with its content and what was tried.' })

export function presentItemDetail(item: ItemDetail, attempts: readonly Attempt[]): z.output<typeof itemDetailSchema> {
  return {
    ...head.present(item),
    ...state.present(item),
    desired: { kind: item.desiredKind, item: item.body === null ? null : JSON.parse(item.body) },
    ...(item.held && { noted: item.noted && presentNoted(item.noted) }),
    resource: item.resource,
    locale: item.locale,
    sources: [...item.sources],
    attempts: attempts.map(presentAttempt),
  }
}

const itemKeySchema = z
  .strictObject(keyFields)
  .meta({ id: 'ItemKey', description: 'What tells an item from all others.' })

export const redeliveredSchema = z.strictObject({
  ...keyFields,
  status: z.literal('pending'),
  reset_version: z.literal(true).optional(),
})

export const removedSchema = z.strictObject({ removed: z.array(itemKeySchema), hold: z.boolean() })

export const releasedSchema = z.strictObject({
  released: z.array(
    z.strictObject({
      ...keyFields,
      desired_kind: itemKind.describe('What is wanted of it from now on.'),
      changed: z.boolean().describe('Whether the CMS has wanted something newer since it was removed.'),
    }),
  ),
})

export function presentReleased(
  { destination, type, id }: ItemKey,
  { desiredKind, changed }: Released,
): z.output<typeof releasedSchema>['released'][number] {
  return { destination, type, id, desired_kind: desiredKind, changed }
}

export const movedSchema = z
  .strictObject({
    dry_run: z.boolean(),
    moved: count,
    superseded: count.describe('The other side knew a newer one.'),
    mapped_again: count.describe('Their urls are on another host: their events go through the mapper again.'),
    left: count.describe('The same, but they cannot be mapped again: they are as they were.'),
    busy: count.describe('A batch or an operator holds what the other side has of them.'),
  })
  .meta({ id: 'Moved' })

export function presentMoved(
  dryRun: boolean,
  { moved, superseded, mapped_again, left, busy }: Moved,
): z.output<typeof movedSchema> {
  return { dry_run: dryRun, moved, superseded, mapped_again, left, busy }
}
