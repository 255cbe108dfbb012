import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { modelsSchema } from '../../src/mapping/models.ts'

/** A folder for each built-in mapper: webhooks, what they come to, and `source.yaml`. */
export const fixtures = join(import.meta.dirname, '../fixtures')

const schema = z
  .strictObject({
    site_domain: z.string().default('example.com'),
    vars: z.record(z.string(), z.json()).default({}),
    models: modelsSchema.default({}),
  })
  .transform(({ site_domain: siteDomain, vars, models }) => ({ siteDomain, vars, models }))

/** How a source of this CMS, and its destination, are configured while its fixtures are mapped. */
export function fixtureSource(cms: string): z.output<typeof schema> {
  return schema.parse(parse(readFileSync(join(fixtures, cms, 'source.yaml'), 'utf8')) ?? {})
}
