import { z } from 'zod'
import type { EventErrors, ItemErrors, RefusalErrors } from '../store/contract/store.ts'
import { eventStatus } from './events.ts'
import { count, text, time, timeOf } from './fields.ts'
import { itemStatus } from './items.ts'

const exampleField = { example: text.describe('Id of one of them.') }
const causeFields = {
  error: text.describe('What tells one from another is `…` in it.'),
  count,
  first_at: time,
  last_at: time,
}

export const eventErrorsSchema = z
  .strictObject({ source: text, status: eventStatus, ...exampleField, ...causeFields })
  .meta({ id: 'EventErrors', description: 'Events with one cause of error. Times are those of receipt.' })

export const refusalsSchema = z
  .strictObject({ source: text, code: text, status: z.literal('refused'), ...causeFields, example: z.null() })
  .meta({ id: 'Refusals', description: 'Webhooks of one source that one limit has refused, counted by the hour.' })

export const itemErrorsSchema = z
  .strictObject({ destination: text, status: itemStatus, ...exampleField, ...causeFields })
  .meta({ id: 'ItemErrors', description: 'Items with one cause of error. Times are those of their last change.' })

export function presentEventErrors(group: EventErrors): z.output<typeof eventErrorsSchema> {
  return { source: group.source, status: group.status, example: group.example, ...causeOf(group) }
}

export function presentRefusals(group: RefusalErrors): z.output<typeof refusalsSchema> {
  return { source: group.source, code: group.code, status: 'refused', ...causeOf(group), example: null }
}

export function presentItemErrors(group: ItemErrors): z.output<typeof itemErrorsSchema> {
  return { destination: group.destination, status: group.status, example: group.example, ...causeOf(group) }
}

function causeOf({ error, count, firstAt, lastAt }: Pick<EventErrors, 'error' | 'count' | 'firstAt' | 'lastAt'>) {
  return { error, count, first_at: timeOf(firstAt), last_at: timeOf(lastAt) }
}
