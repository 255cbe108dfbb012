import { z } from 'zod'

const fetched = z
  .array(
    z.strictObject({
      method: z.string().optional(),
      url: z.string(),
      status: z.int().optional(),
      body: z.unknown().optional(),
    }),
  )
  .default([])
  .describe("What the CMS's API would answer.")

/** A webhook as it is given for a preview, with what the API of its CMS would answer. */
export const fixtureFields = {
  headers: z.record(z.string(), z.string()).optional().describe('Of the webhook.'),
  body: z.unknown().optional().describe('Text stands for itself, anything else for its JSON.'),
  rawBody: z.string().optional().describe('The exact text, in place of `body`.'),
  query: z.string().optional().describe('As in `a=1&b=2`.'),
  fetched,
}
