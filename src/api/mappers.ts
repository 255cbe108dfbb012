import { z } from 'zod'
import type { MapperSummary } from '../mapping/library/load.ts'
import { text, textOrNull } from './fields.ts'

const varSchema = z.strictObject({
  required: z.boolean(),
  default: z.unknown().optional(),
  format: text.optional(),
  description: text.optional(),
})

export const mapperSchema = z
  .strictObject({
    name: text,
    title: text,
    description: textOrNull,
    origin: z.enum(['built-in', 'yours']),
    file: text,
    verify: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('How webhooks are verified unless the source says otherwise; null if the source has to say.'),
    vars: z.record(z.string(), varSchema).describe('What a source must or may set.'),
    retries: z
      .strictObject({ for: text, how: text })
      .nullable()
      .describe('Whether the CMS sends a webhook again that was refused.'),
    needs_models: z.boolean().describe('Whether only those models are sent that the source registers.'),
  })
  .meta({ id: 'Mapper', description: 'How webhooks of one CMS become items.' })

export function presentMapper(mapper: MapperSummary): z.output<typeof mapperSchema> {
  return {
    name: mapper.name,
    title: mapper.title,
    description: mapper.description,
    origin: mapper.origin,
    file: mapper.file,
    verify: mapper.verify,
    vars: mapper.vars as z.output<typeof mapperSchema>['vars'],
    retries: mapper.retries,
    needs_models: mapper.needsModels,
  }
}
