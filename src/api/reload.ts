import { z } from 'zod'
import { text } from './fields.ts'

export const reloadBody = z.strictObject({
  dry_run: z.boolean().default(false).describe('Only say what would be done.'),
  yes: z.boolean().default(false).describe('Hold nothing, and let go what is held.'),
})

export const reloadSchema = z
  .strictObject({
    applied: z.boolean(),
    plan: z.array(
      z.strictObject({
        unit: z.enum(['source', 'destination', 'endpoint', 'setting']),
        name: text,
        act: z.enum(['start', 'replace', 'stop', 'keep']),
        why: text.describe('Names of settings, never their values.'),
      }),
    ),
    issues: z
      .array(
        z.strictObject({
          path: text,
          message: text,
          file: text.optional().describe('The file, as seen from where the relay was started.'),
          line: z.int().optional(),
          column: z.int().optional(),
        }),
      )
      .describe('The mistakes for which nothing was changed.'),
    needs_restart: z.array(text).describe('Settings that have changed and count from the next start on.'),
    warnings: z.array(text).describe('What is held, stranded or fails, with the number and the cure.'),
  })
  .meta({ id: 'Reload', description: 'What a reload has done, or would do.' })
