import { z } from 'zod'

const word = z.string().regex(/^[a-z][a-z0-9_]*$/, { error: 'a lower-case word' })

/** What a person does in the CMS until its webhooks come: `cms-relay init` asks and answers by it. */
export const setupSchema = z
  .strictObject({
    secret: z
      .enum(['cms', 'relay'])
      .default('relay')
      .describe('Who makes the secret: `cms` shows one that has to be copied, `relay` makes one to be pasted.'),
    secrets: z
      .array(word)
      .min(2)
      .optional()
      .describe('The CMS makes a secret for each webhook: a word for each, which is in the name of its variable.'),
    model: z
      .strictObject({
        called: z.string().min(1).describe('What names a model in the CMS, such as `uid of the content type`.'),
        slug: z
          .string()
          .min(1)
          .optional()
          .describe('Expression of the slug, to make urls of; left out, the CMS tells the path itself.'),
        text: z
          .string()
          .includes('{field}')
          .optional()
          .describe(
            'Expression of the `html` of a model; `{field}` is the field with its text. Left out, the mapper finds it.',
          ),
      })
      .optional()
      .describe('How models are named.'),
    steps: z
      .array(z.string().min(1))
      .min(1)
      .describe('What to click, in order. `{url}`, `{secret}` and `{page}` (its documentation) are filled in.'),
  })
  .describe('What a person does in the CMS until its webhooks come. `init` asks by it, and ends with the steps.')
export type Setup = z.output<typeof setupSchema>
