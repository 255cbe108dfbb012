import { z } from 'zod'
import type { Draft, Mapper } from '../mapper.ts'
import { safeHtml } from './clean.ts'

/** What becomes of the html of a source's items. */
export const htmlPolicySchema = z.enum(['safe', 'as_is'])
export type HtmlPolicy = z.output<typeof htmlPolicySchema>

/** The mapper, with the html of all that it gives made safe. */
export function withSafeHtml(mapper: Mapper): Mapper {
  return {
    ...mapper,
    async map(webhook, ...more) {
      const mapping = await mapper.map(webhook, ...more)
      return { ...mapping, drafts: mapping.drafts.map(cleaned) }
    },
  }
}

function cleaned(draft: Draft): Draft {
  if (draft.kind === 'delete' || typeof draft.fields.html !== 'string') return draft
  const html = safeHtml(draft.fields.html)
  return html === draft.fields.html ? draft : { ...draft, fields: { ...draft.fields, html } }
}
