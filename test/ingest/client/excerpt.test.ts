import { expect, test } from 'vitest'
import { excerptOf } from '../../../src/ingest/client/excerpt.ts'
import fc from '../../fast-check.ts'

test.each<[string, string, string | undefined]>([
  [
    'its title',
    '<html><head><TITLE lang="en">\n 502 Bad\tGateway </TITLE></head><body>nginx</body>',
    '502 Bad Gateway',
  ],
  [
    'its first words where it has no title',
    '<style>p{}</style><h1>Blocked</h1><p>by  policy &amp; law</p>',
    'Blocked by policy & law',
  ],
  [
    'its first words where the title is empty',
    '<title> </title><!-- x --><script>var a = "<b>"</script>Denied',
    'Denied',
  ],
  ['its text where it is no page', '{"message":"forbidden"}', '{"message":"forbidden"}'],
  ['what is there of a page that was cut short', '<title>Access den', 'Access den'],
  ['nothing that a terminal obeys', '<title>a\u001b]0;x\u0007b\u202ec\u0000</title>', 'a ]0;x b c'],
  ['nothing where it is empty', ' \n', undefined],
  ['nothing where it is only tags', '<html><body></body></html>', undefined],
])('a page that is no envelope says %s', (_what, page, said) => {
  expect(excerptOf(page)).toBe(said)
})

test('whatever comes, it is short, on one line and well-formed', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('<title', '<!--', '<script>', '<', '>', '\ud800'),
  )
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const said = excerptOf(pieces.join(''))
      if (said === undefined) return
      expect(said.length).toBeLessThanOrEqual(120)
      expect(said.isWellFormed()).toBe(true)
      expect(said).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
    }),
  )
  const start = performance.now()
  for (const hostile of ['<title', '<!--', '<script>', '<', '&amp;']) excerptOf(hostile.repeat(200_000))
  expect(performance.now() - start).toBeLessThan(1_000)
})
