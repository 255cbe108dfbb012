import { Marked } from 'marked'
import type { Format } from './format.ts'

const commonmark = new Marked({ gfm: true, async: false })

/** GitHub flavoured markdown; HTML inside is kept as it is. */
export const markdown: Format = {
  shape: 'text',
  accepts: (value) => typeof value === 'string',
  isAuthored: true,
  render: (value) => commonmark.parse(value as string) as string,
}
