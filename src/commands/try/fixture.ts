import { z } from 'zod'
import { fixtureFields } from '../../api/fixture.ts'
import { RelayError } from '../../domain/errors.ts'
import { readExactJson } from '../../json/exact.ts'
import { isObject } from '../../json/kind.ts'
import { readJson } from '../../json/read.ts'
import type { Fixture } from '../../stages/operate/preview-webhook.ts'

const schema = z.strictObject({
  ...fixtureFields,
  method: z.string().optional(),
  mapper: z.string().optional(),
  // Where the webhook is from, and what it was signed with: notes for readers of the fixture.
  source: z.string().optional(),
  secret: z.unknown().optional(),
})

/** A fixture from its text; `label` is what messages call it. Its bodies have every digit that is in the text. */
export function parseFixture(text: string, label: string): Fixture & { readonly mapper?: string | undefined } {
  let document: unknown
  let exact: unknown
  try {
    document = readJson(text)
    exact = readExactJson(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new RelayError('invalid', `${label} is not JSON`, { cause: error })
  }
  const result = schema.safeParse(document)
  if (!result.success) throw new RelayError('invalid', `${label} is no fixture: ${z.prettifyError(result.error)}`)
  if (!isObject(exact)) return result.data
  const answers = Array.isArray(exact['fetched']) ? (exact['fetched'] as readonly { readonly body?: unknown }[]) : []
  const fetched = result.data.fetched.map((answer, index) => ({ ...answer, body: answers[index]?.body }))
  return { ...result.data, fetched, ...('body' in exact && { body: exact['body'] }) }
}
