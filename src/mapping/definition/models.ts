import { z } from 'zod'
import { itemFields } from './definition.ts'

/** How one model of a headless system leaves. What it does not say is as the mapper says, or guessed. */
const modelSchema = z.strictObject({
  type: itemFields.type,
  id: itemFields.id.optional(),
  live: itemFields.live
    .optional()
    .describe("A further condition: the mapper's own and this one must both hold for a record to be sent."),
  url: itemFields.url.optional().describe('The public url; left out, `$vars.origin`, a slash and the slug.'),
  canonical_url: itemFields.canonical_url.optional(),
  title: itemFields.title.optional().describe('The title; left out, the field title, name or headline.'),
  html: itemFields.html.optional(),
  text: itemFields.text.optional(),
  json: itemFields.json
    .optional()
    .describe('Structured content; laid over what the mapper says and what is guessed, key by key of the first level.'),
  language: itemFields.language.optional(),
  updated_at: itemFields.updated_at.optional(),
  attributes: itemFields.attributes.optional(),
  fields: z
    .array(z.string())
    .optional()
    .describe(
      'The only fields that may be guessed into json; `[]` for none. Left out: all but bookkeeping and people.',
    ),
})

/** The models that a source lets out, by the name that the CMS gives them. What is not here is not sent. */
export const modelsSchema = z.record(z.string().min(1), modelSchema)

export type ModelDefinition = z.output<typeof modelSchema>
export type ModelDefinitions = z.output<typeof modelsSchema>
