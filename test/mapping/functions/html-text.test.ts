import { expect, test } from 'vitest'
import { textOfHtml } from '../../../src/mapping/functions/html-text.ts'
import fc from '../../fast-check.ts'

test.each([
  ['<h1>Hello</h1><p>a <a href="https://x.y">link</a> b</p>', 'Hello\n\na link b'],
  ['<p>c<br>d</p>', 'c\nd'],
  ['<ul><li>one</li><li>two</li></ul>', '* one\n * two'],
  ['a<img src="x" alt="y">b', 'ab'],
  ['<style>p{}</style><script>x()</script>a', 'a'],
  ['<table><tr><th>Head</th><td>x</td></tr><tr><td>y</td></tr></table>', 'Head x\ny'],
  ['a &amp; b &lt;c&gt; &eacute;', 'a & b <c> é'],
  ['  a \n\n b\t', 'a b'],
  ['<p>a</p><p></p><div></div><p>b</p>', 'a\n\nb'],
  ['x'.repeat(200) + ' y', 'x'.repeat(200) + ' y'],
  ['', ''],
])('%j', (html, text) => {
  expect(textOfHtml(html)).toBe(text)
})

test('text without tags needs no parser: it comes to the same', () => {
  const plain = fc.string({
    unit: fc.oneof(
      fc.constantFrom(' ', '\n', '\t', '\r', '\u00a0', '\u200b', '\f', '\v', '\u2028', '>', '"', ';', '#'),
      fc.string({ minLength: 1, maxLength: 1 }),
    ),
  })
  fc.assert(
    fc.property(
      plain.filter((text) => !/[<&]/.test(text)),
      (text) => {
        // An empty comment changes nothing but sends the text through the parser.
        expect(textOfHtml(text)).toBe(textOfHtml(`${text}<!-- -->`))
      },
    ),
    { numRuns: 3000 },
  )
})

test('hostile html takes no long time and overflows no stack', () => {
  const hostile = [
    '<div>'.repeat(200_000) + 'x',
    '<p><td>'.repeat(100_000) + 'x',
    `${'<ul><li>'.repeat(900)}x${'</li></ul>'.repeat(900)}`,
    `<pre>${' '.repeat(300_000)}x</pre>`,
    `a${'<'.repeat(200_000)}x`,
    `a${'\n'.repeat(300_000)}<b>x`,
    '</div>'.repeat(200_000) + 'x',
  ]
  for (const html of hostile) {
    const start = performance.now()
    expect(textOfHtml(html)).toContain('x')
    expect(performance.now() - start, html.slice(0, 20)).toBeLessThan(3000)
  }
})
