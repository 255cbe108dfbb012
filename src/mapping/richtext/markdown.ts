import { Marked } from 'marked'
import type { Format } from './format.ts'

const commonmark = new Marked({ gfm: true, async: false })

/** HTML of GitHub flavoured markdown; HTML inside is kept as it is. */
export function htmlOfMarkdown(text: string): string {
  return commonmark.parse(text) as string
}

/** GitHub flavoured markdown. */
export const markdown: Format = {
  shape: 'text',
  accepts: (value) => typeof value === 'string',
  isAuthored: true,
  render: (value) => htmlOfMarkdown(value as string),
}
