import { expect, test } from 'vitest'
import { issueText } from '../../src/mistakes/issue.ts'
import { mayBeSecret, secretSpansIn } from '../../src/mistakes/secret-names.ts'
import { parseYaml } from '../../src/mistakes/yaml-file.ts'

const secret = 'hunter2hunter2'

/** What is said of a text that is no YAML, with the line that is shown. */
function told(text: string): string {
  const read = parseYaml(text, 'relay.yaml')
  if (read.ok) throw new Error('is YAML')
  return `${issueText(read.issue)} ${read.issue.excerpt?.text ?? ''}`
}

test.each([
  ['behind a comma', `secret: x,${secret}: foo`],
  ['behind a #', `secret: x#${secret}: foo`],
  ['in the line below its key', `secret:\n    ${secret}`],
  ['in a block with a line too far left', `secret: |\n      abc\n   ${secret}\n    x: 1`],
  ['in a block with a line in the column of its key', `secret: |\n      abc\n  ${secret}`],
  ['behind a tab', `secret: |\n\t${secret}`],
  ['as what looks like a key below it', `secret: abc\n      ${secret}: x`],
  ['by another spelling of key', `accessKey: a: ${secret}`],
  ['in braces', `shop: {signingKey: ${secret}, b: [}`],
  ['as an alias', `secret: *${secret}`],
  ['as a tag', `secret: !${secret} x`],
  ['in a list', `secret:\n      - a: b: ${secret}`],
  ['in a header of a fetch', `fetch:\n      headers:\n        x-y: Bearer: ${secret}`],
  ['in a header of a fetch in braces', `fetch: { headers: { x: "Bearer ${secret}", y: [ } }`],
  ['in a url, behind a slash', `db: postgres://u:p/${secret}@h/db: x`],
  ['in a url, behind an @', `db: "postgres://u:p@${secret}@h/db" x`],
])('a text that is no YAML is shown without the secret %s', (_where, lines) => {
  expect(told(`sources:\n  shop:\n    ${lines}\n`)).not.toContain('hunter')
})

test('what is no secret is shown', () => {
  expect(told('sources:\n  shop:\n    secret: ${HOOK}\n    mapper: a: b\n')).toContain('mapper: a: b')
  expect(told('sources:\n  shop: { secret: "${HOOK}", mapper: [ }\n')).toContain('secret: "${HOOK}", mapper: [ }')
  expect(told('sources:\n  shop:\n    mapper: abc\n      foo: x\n')).toContain('foo: x')
})

test.each(['accessKey', 'signingKeys', 'api-key', 'x.dsn', 'salt', 'jwt', 'sources.a.fetch.headers.x'])(
  '%s may be a secret',
  (path) => {
    expect(mayBeSecret(path)).toBe(true)
  },
)

test.each([
  ['letters', 'a'.repeat(100_000)],
  ['urls', '://'.repeat(30_000)],
  ['references', 'secret: ${'.repeat(10_000)],
  ['quotes', 'secret:"'.repeat(10_000)],
])('a line of %s without end takes no time, and nothing of it is shown', (_what, line) => {
  const start = performance.now()
  expect(secretSpansIn(line, { start: 0, end: line.length })).toEqual([{ start: 0, end: line.length }])
  expect(performance.now() - start).toBeLessThan(500)
})

test('all places of what is asked for are found', () => {
  const text = 'sources:\n  shop: { secret: abc, mapper: shopify }\n  blog:\n    secret: one two\n'
  const read = parseYaml(text, 'relay.yaml')
  if (!read.ok) throw new Error('is no YAML')
  const spans = read.yaml.spansWhere((path) => path.endsWith('.secret'))
  expect(spans.map(({ start, end }) => text.slice(start, end))).toEqual(['abc', 'one two'])
})
