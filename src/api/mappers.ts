import { z } from 'zod'
import type { MapperSummary } from '../mapping/library/load.ts'
import { text, textOrNull } from './fields.ts'
import { fieldsOf } from './resource.ts'

const varSchema = z.strictObject({
  required: z.boolean(),
  default: z.unknown().optional(),
  format: text.optional(),
  description: text.optional(),
})

const mapper = fieldsOf<MapperSummary>()({
  name: [text, ({ name }) => name],
  title: [text, ({ title }) => title],
  description: [textOrNull, ({ description }) => description],
  origin: [z.enum(['built-in', 'yours']), ({ origin }) => origin],
  file: [text, ({ file }) => file],
  verify: [
    z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('How webhooks are verified unless the source says otherwise; null if the source has to say.'),
    ({ verify }) => verify,
  ],
  vars: [
    z.record(z.string(), varSchema).describe('What a source must or may set.'),
    ({ vars }) => vars as Record<string, z.output<typeof varSchema>>,
  ],
  retries: [
    z
      .strictObject({ for: text, how: text })
      .nullable()
      .describe('Whether the CMS sends a webhook again that was refused.'),
    ({ retries }) => retries,
  ],
  needs_models: [
    z.boolean().describe('Whether only those models are sent that the source registers.'),
    ({ needsModels }) => needsModels,
  ],
})
export const presentMapper = mapper.present
export const mapperSchema = z
  .strictObject(mapper.shape)
  .meta({ id: 'Mapper', description: 'How webhooks of one CMS become items.' })
