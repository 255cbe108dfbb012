import { z } from 'zod'

const memberPath = z
  .string()
  .regex(/^[^.\s]+(\.[^.\s]+)*$/, { error: 'is a member of the body, such as `payload` or `data.entity`' })

/** How the body is packed, if `$body` shall not be what came over the wire. */
export const bodySchema = z
  .strictObject({
    format: z
      .literal('jwt')
      .optional()
      .describe('The whole body is a JWT: expressions see its claims. Its signature is what `verify` checks.'),
    json: z
      .array(memberPath)
      .default([])
      .describe('Members whose text is JSON, outer ones first: expressions see what it says.'),
    root: memberPath.optional().describe('The member that takes the place of the body; a body without it stays.'),
  })
  .describe('How the body is packed, where it is not plain JSON, form fields or text.')
export type BodyDefinition = z.output<typeof bodySchema>
