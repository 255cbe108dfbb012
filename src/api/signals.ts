import { z } from 'zod'
import { signalTypes } from '../domain/signal-type.ts'
import { time } from './fields.ts'

/** The data of a server-sent event, and the body of a webhook to the operator. */
export const signalSchema = z
  .strictObject({
    type: z.enum(signalTypes),
    timestamp: time,
    data: z.record(z.string(), z.unknown()).describe('The fields that the log has.'),
  })
  .meta({ id: 'Signal', description: 'Something that has happened.' })
