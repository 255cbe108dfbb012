import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { completeDraft } from '../../../src/mapping/item/item.ts'

/** The contract's checksum, written again: keys sorted at every depth, absent is null, no white space. */
function checksum({ type, url, html = null, text = null, json = null }: Record<string, unknown>): string {
  return `sha256:${createHash('sha256').update(canonical({ html, json, text, type, url })).digest('hex')}`
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
}

const odd = fc
  .array(fc.constantFrom('a', 'é', '😀', '\ud800', '\udc00', '\0', '&#0;', '&#xD800;', ' ', '<b>'))
  .map((parts) => parts.join(''))
const rules = { siteDomain: 'example.com', defaultLanguage: 'en' }

test('what is sent, as UTF-8 and read again, has the checksum that it carries', () => {
  fc.assert(
    fc.property(
      odd,
      odd,
      odd,
      fc.dictionary(odd, fc.oneof(odd, fc.array(odd), fc.dictionary(odd, odd))),
      (title, html, path, json) => {
        const url = `https://example.com/${path}`
        const fields = { type: 'post', id: 'post:1', url, title, html, text: `x${html}`, json, attributes: json }
        const change = completeDraft({ kind: 'upsert', record: 'r', version: null, fields }, rules)
        if (change.kind !== 'upsert') throw new Error('no item')
        const sent = Buffer.from(JSON.stringify(change.item), 'utf8').toString('utf8')
        expect(sent).not.toMatch(/\\u0000|\\ud[89a-f]/i)
        const read = JSON.parse(sent) as Record<string, unknown>
        expect(read).toEqual(JSON.parse(JSON.stringify(change.item)))
        expect(read['checksum']).toBe(checksum(read))
      },
    ),
  )
})
