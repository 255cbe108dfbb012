import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sanitizeHtml from 'sanitize-html'
import { describe, expect, test } from 'vitest'
import { options, safeHtml } from '../../../src/mapping/safe-html/clean.ts'
import { isClobbering } from '../../../src/mapping/safe-html/names.ts'
import { isPlainlySafe } from '../../../src/mapping/safe-html/scan.ts'
import fc from '../../fast-check.ts'
import { numRuns, timeout } from '../../fuzz/runs.ts'
import { hostileHtml } from './arbitraries.ts'
import { faultsOf } from './judge.ts'

test.each([
  ['a script', '<p>a</p><script>steal()</script>', '<p>a</p>'],
  ['an unclosed script', '<p>a</p><script>steal()', '<p>a</p>'],
  ['an event handler', '<p onclick="steal()">a</p>', '<p>a</p>'],
  ['an event handler without quotes', '<img src=x.png onerror=steal()>', '<img src="x.png" />'],
  ['a javascript url', '<a href="javascript:steal()">a</a>', '<a>a</a>'],
  ['a javascript url with entities', '<a href="jav&#x09;ascript&colon;steal()">a</a>', '<a>a</a>'],
  ['a data url', '<a href="data:text/html,x">a</a><img src="data:image/png;base64,AA==" alt="b">', '<a>a</a>'],
  ['a form', '<form action="/x"><p>a</p><input name="b"><textarea>c</textarea></form>', '<p>a</p>'],
  ['a comment', '<!-- wp:paragraph --><p>a</p><!-- /wp:paragraph -->', '<p>a</p>'],
  ['a conditional comment', '<!--[if IE]><script>x</script><![endif]--><p>a</p>', '<p>a</p>'],
  ['a style sheet', '<style>p { color: red }</style><p>a</p>', '<p>a</p>'],
  ['a style that loads', '<p style="background: url(//evil.example/x)">a</p>', '<p>a</p>'],
  ['a style that computes', '<p style="width: expression(steal())">a</p>', '<p>a</p>'],
  ['a style with escapes', '<p style="background: \\75rl(x)">a</p>', '<p>a</p>'],
  ['a pixel', '<p>a</p><img src="https://example.com/p" width="1" height="1" alt="">', '<p>a</p>'],
  ['a pixel of no size', '<p>a</p><img src="https://example.com/p" width="0" height=0>', '<p>a</p>'],
  ['a pixel by style', '<p>a</p><img src="https://example.com/p" style="width:1px;height:1px">', '<p>a</p>'],
  ['a beacon', '<p>a</p><img src="https://www.facebook.com/tr?id=1&amp;ev=PageView">', '<p>a</p>'],
  ['a beacon of any size', '<p>a</p><img src="//vg08.met.vgwort.de/na/0123" width="100" height="100">', '<p>a</p>'],
  ['a hidden beacon', '<p>a</p><img src="https://www&#46;facebook.com/tr?id=1">', '<p>a</p>'],
  ['a matomo beacon', '<p>a</p><img src="https://stats.example.com/matomo.php?idsite=1">', '<p>a</p>'],
  ['a frame', '<p>a</p><iframe src="https://evil.example/x">b</iframe>', '<p>a</p>'],
  ['a frame with a document', '<iframe srcdoc="&lt;script>x&lt;/script>"></iframe><p>a</p>', '<p>a</p>'],
  ['a svg', '<p>a</p><svg onload="x"><script>y</script><text>z</text></svg>', '<p>a</p>'],
  ['a meta refresh', '<meta http-equiv="refresh" content="0;url=//evil.example"><p>a</p>', '<p>a</p>'],
  ['a base', '<base href="//evil.example/"><p>a</p>', '<p>a</p>'],
  ['an object', '<object data="x.swf"><p>a</p></object><embed src="x.swf">', '<p>a</p>'],
  ['a document', '<!doctype html><html><head><title>x</title></head><body><p>a</p></body></html>', '<p>a</p>'],
  [
    'an overlay',
    '<div style="position: fixed; inset: 0; z-index: 9">a</div>',
    '<div style="inset: 0; z-index: 9">a</div>',
  ],
  ['an overlay in capitals', '<p style="POSITION:ABSOLUTE!important">a</p>', '<p>a</p>'],
  ['an overlay in escapes', '<p style="posi\\74ion: fixed; color: red">a</p>', '<p style="color: red">a</p>'],
  ['an overlay in escapes of its value', '<p style="position: f\\69xed">a</p>', '<p>a</p>'],
  ['an overlay in comments', '<p style="/*;*/position/**/:/**/sticky;color:red">a</p>', '<p style="color:red">a</p>'],
  ['an overlay in entities', '<p style="p&#111;sition&colon;fixed&semi;color:red">a</p>', '<p style="color:red">a</p>'],
  ['an overlay behind a broken string', '<p style="a:\'\n;position:fixed;b:\'">a</p>', '<p>a</p>'],
  ['an overlay by a variable', '<p style="--a:fixed;position:var(--a)">a</p>', '<p>a</p>'],
  ['an overlay by inheritance', '<p style="position:inherit;all:inherit">a</p>', '<p>a</p>'],
  [
    'an overlay by transform',
    '<p style="transform: scale(99); -webkit-transform: none; translate: 0 -9em">a</p>',
    '<p>a</p>',
  ],
  [
    'offsets of what is relative',
    '<p style="position: relative; top: -50px">a</p>',
    '<p style="position: relative">a</p>',
  ],
  ['a far offset', '<p class="relative" style="top: -5000px">a</p>', '<p class="relative">a</p>'],
  ['a far margin', '<p style="margin: -5000px 0; color: red">a</p>', '<p style="color: red">a</p>'],
  ['a far margin in another unit', '<p style="margin-top: -90vh; -webkit-margin-start: - 1e5px">a</p>', '<p>a</p>'],
  ['a computed margin', '<p style="margin-top: calc(99px * -99)">a</p>', '<p>a</p>'],
  [
    'a margin behind a clamp',
    '<p style="padding: clamp(1px,2px,3px) calc(99px*99) clamp(1px,2px,3px)">a</p>',
    '<p>a</p>',
  ],
  ['a shadow over the page', '<p style="box-shadow: 0 0 0 9999px #fff">a</p>', '<p>a</p>'],
  ['a link that takes clicks far off', '<a href="/x" style="padding: 2000px 0">a</a>', '<a href="/x">a</a>'],
  [
    'one unsafe declaration',
    '<p style="color: red; background: url(a;b); margin: 0">a</p>',
    '<p style="color: red; margin: 0">a</p>',
  ],
  [
    'a name of an image',
    '<img src="/a.png" name="cookie"><img src="/a.png" name="a">',
    '<img src="/a.png" /><img src="/a.png" />',
  ],
  [
    'a name in a collection',
    '<a id="x">a</a><a id="x" name="y" href="/b">b</a>',
    '<a id="x">a</a><a id="x" href="/b">b</a>',
  ],
])('%s goes', (_what, html, clean) => {
  expect(safeHtml(html)).toBe(clean)
})

test.each([
  [
    'structure',
    '<h1 id="a">A</h1><div class="b"><p>c<br>d</p><hr></div><blockquote cite="https://x.example/">e</blockquote>',
  ],
  ['lists', '<ul><li>a<ol start="2"><li value="3">b</li></ol></li></ul><dl><dt>c</dt><dd>d</dd></dl>'],
  [
    'a table',
    '<table border="1"><caption>a</caption><thead><tr><th scope="col">b</th></tr></thead><tbody><tr><td colspan="2" style="text-align: left">c</td></tr></tbody></table>',
  ],
  [
    'links',
    '<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener">a</a><a href="/b">b</a><a href="c/d:e">c</a><a href="#f">d</a><a href="mailto:a@b.example">e</a><a href="tel:+49">f</a><a href="//x.example/">g</a>',
  ],
  [
    'images',
    '<figure><img src="https://x.example/a.png" alt="b" width="800" height="1" srcset="/a.png 1x, /b.png 2x" loading="lazy"><figcaption>c</figcaption></figure>',
  ],
  [
    'a picture',
    '<picture><source srcset="/a.webp 800w, /b.webp 1600w" type="image/webp" sizes="100vw"><img src="/a.png" alt=""></picture>',
  ],
  ['code', '<pre class="language-js"><code data-lang="js">a &lt; b &amp;&amp; c</code></pre>'],
  [
    'video and audio',
    '<video src="/a.mp4" poster="/a.png" controls></video><audio controls><source src="/a.mp3"></audio>',
  ],
  [
    'looks',
    '<div style="color: #ff0000; margin: 0 -15px 1em; padding: 56.25% 0 0; position: relative; z-index: 2"><p style="margin-left:-5.4pt;text-indent:-18.0pt;mso-list:l0 level1 lfo1;font-family:\'Times New Roman\'">a</p></div>',
  ],
  [
    'sizes',
    '<p style="font-size:clamp(14px, 0.875rem + ((1vw - 3.2px) * 0.227), 16px);font-weight:700;padding:var(--wp--preset--spacing--40);border-radius:9999px;width:1200px;margin-top:600px">a</p>',
  ],
  ['a shadow', '<p style="box-shadow: 0 4px 6px -1px rgba(255, 255, 255, 0.5), inset 0 0 4px #000000; top: 0">a</p>'],
  ['anchors', '<h2 id="chapter-1">a</h2><a name="b" id="b"></a><a href="#chapter-1">c</a><a href="#top">d</a>'],
  ['facts in data', '<code data-lang="js">a</code><td data-label="b" data-id="1" aria-label="c">d</td>'],
  ['a group of details', '<details id="a" name="faq"><summary>b</summary>c</details>'],
  [
    'a link that says noopener',
    '<a href="/a" target="_blank" rel="nofollow NoOpener">a</a><a href="/b" rel="next">b</a>',
  ],
  ['upper case', '<P CLASS="A">a</P>'],
  ['no HTML at all', 'a > b & "c"'],
  ['an unclosed paragraph', '<p>a<p>b'],
  ['a big image of one dimension', '<img src="/a.png" width="1000" height="1">'],
])('%s stays as it is', (_what, html) => {
  expect(isPlainlySafe(html)).toBe(true)
  expect(safeHtml(html)).toBe(html)
})

test('a player of a known host stays, without what could run', () => {
  const player =
    '<iframe src="https://www.youtube.com/embed/x" width="560" height="315" title="a" allowfullscreen></iframe>'
  expect(safeHtml(player.replace('<iframe', '<iframe onload="steal()"'))).toBe(player)
  expect(safeHtml(player.replace('www.youtube.com', 'www.youtube.com.evil.example'))).toBe('')
  expect(safeHtml(player.replace('https:', 'javascript:'))).toBe('')
})

test.each([
  'hx-get data-hx-get hx-on:click data-hx-on:click x-data x-on:click @click :bind v-on:click v-html ng-init data-ng-init',
  'data-turbo data-turbo-method data-turbo-frame data-action data-controller data-bs-toggle data-bs-html data-toggle',
  'data-ajax data-ajax-url data-remote data-method data-confirm _ onclick onfocus is slot data-bind data-reactroot',
  'up-target up-follow wire:click sx-get data-on-click data-on:click data-signals data-text data-wp-interactive',
  'data-x-data data-v-html data-alpine data-href data-url data-fancybox data-lightbox data-target data-dismiss',
  'data-content data-template data-html data-caption data-title data-original-title data-options data-config',
  'accesskey autofocus tabindex contenteditable style2 popover popovertarget data- aria- data-cmd unicorn:click',
])('what scripts of the page act on goes: %s', (names) => {
  for (const name of names.split(' ')) {
    expect(safeHtml(`<p class="a" ${name}="b">c</p>`), name).toBe('<p class="a">c</p>')
    expect(safeHtml(`<p class="a" ${name.toUpperCase()}='b'>c</p>`), name).toBe('<p class="a">c</p>')
  }
})

test.each([
  'location',
  'getElementById',
  'cookie',
  'submit',
  'parentNode',
  '__proto__',
  'constructor',
  'onclick',
  'top',
])('an id or a name that stands in for %s is renamed, and links to it with it', (id) => {
  const renamed = `user-content-${id}`
  expect(safeHtml(`<h2 id="${id}">a</h2>`)).toBe(`<h2 id="${renamed}">a</h2>`)
  expect(safeHtml(`<a name="${id}">a</a>`)).toBe(`<a name="${renamed}">a</a>`)
  expect(safeHtml(`<h2 ID=&#${id.charCodeAt(0)};${id.slice(1)}>a</h2>`)).toBe(`<h2 id="${renamed}">a</h2>`)
  const link = safeHtml(`<a href="#${id}">a</a>`)
  expect(link).toBe(`<a href="#${id === 'top' ? id : renamed}">a</a>`)
  expect(safeHtml(`<td headers="a ${id}" aria-labelledby="${id}">a</td>`)).toBe(
    `<td headers="a ${renamed}" aria-labelledby="${renamed}">a</td>`,
  )
  expect(safeHtml(safeHtml(`<h2 id="${id}">a</h2>`))).toBe(`<h2 id="${renamed}">a</h2>`)
})

test('no property that a script finds on a document, a window or a form can be clobbered', () => {
  const declared = declaredMembers(['Document', 'Window', 'HTMLFormElement', 'HTMLCollection'])
  expect(declared.length).toBeGreaterThan(500)
  expect(declared.filter((name) => !isClobbering(name))).toEqual([])
  expect(Object.getOwnPropertyNames(Object.prototype).filter((name) => !isClobbering(name))).toEqual([])
  expect(
    ['chapter-1', 'Location', 'introduction', '_Toc123', 'fn1', 'a', 'online', 'user-content-top'].filter(isClobbering),
  ).toEqual([])
})

/** What these interfaces declare, and those that they extend, by the types of the DOM that TypeScript brings. */
function declaredMembers(interfaces: readonly string[]): string[] {
  const platforms = join(import.meta.dirname, '../../../node_modules/@typescript')
  const [types] = readdirSync(platforms).map((platform) => join(platforms, platform, 'lib/lib.dom.d.ts'))
  const declarations = [
    ...readFileSync(types!, 'utf8').matchAll(/^interface (\w+)(?:<[^{]*>)?(?: extends ([^{]+))? \{\n([\s\S]*?)^\}/gm),
  ]
  const members = new Set<string>()
  const known = new Set(interfaces)
  for (const name of known) {
    for (const [, declared, parents = '', body = ''] of declarations) {
      if (declared !== name) continue
      for (const parent of parents.replace(/<[^>]*>/g, '').split(',')) known.add(parent.trim())
      for (const [, member] of body.matchAll(/^ {4}(?:readonly |get |set )?(\w+)\??[:(<]/gm)) members.add(member!)
    }
  }
  return [...members]
}

test.each([
  ['<a href="/a" target="_blank">a</a>', '<a href="/a" target="_blank" rel="noopener">a</a>'],
  ['<a href="/a" TARGET=window>a</a>', '<a href="/a" target="window" rel="noopener">a</a>'],
  ['<a href="/a" target="&#95;blank">a</a>', '<a href="/a" target="_blank" rel="noopener">a</a>'],
  ['<a rel="nofollow" href="/a" target="_blank">a</a>', '<a rel="nofollow noopener" href="/a" target="_blank">a</a>'],
  ['<a href="/a" target="_top" rel="opener">a</a>', '<a href="/a" target="_top" rel="opener noopener">a</a>'],
  ['<a href="/a" target="_blank" rel="xnoopener">a</a>', '<a href="/a" target="_blank" rel="xnoopener noopener">a</a>'],
  ['<a href="/a" target="">a</a>', '<a href="/a" target="">a</a>'],
])('a link into another window gives it no way back: %s', (html, safe) => {
  expect(safeHtml(html)).toBe(safe)
})

// Without a tag that went, the same elements may be nested another way: the parser closes what can't be open.
test('what is clean stays as it is, once it has been read without what went', () => {
  fc.assert(
    fc.property(hostileHtml, (html) => {
      const clean = safeHtml(safeHtml(html))
      expect(safeHtml(clean)).toBe(clean)
    }),
    { numRuns: 2000 },
  )
})

test('no hostile part comes through, as a browser reads it', { timeout }, () => {
  fc.assert(
    fc.property(hostileHtml, (html) => {
      expect(faultsOf(safeHtml(html))).toEqual([])
    }),
    { numRuns },
  )
})

// Each is read in one way by some parsers and in another by others, or in another way once it has been written out.
test.each([
  '<noscript><p title="</noscript><img src=x onerror=steal()>">',
  '<svg><style><!--</style><img src=x onerror=steal()>-->',
  '<svg></p><style><a id="</style><img src=1 onerror=steal()>">',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=steal()&gt;">',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=steal()>',
  '<math><annotation-xml encoding="text/html"><style></math><img src=x onerror=steal()></style>',
  '<svg><foreignObject><p><iframe></p><style></svg><img src=x onerror=steal()></style>',
  '<svg><desc><table><style></desc></svg><img src=x onerror=steal()></style>',
  '<svg><title><style><img src=x onerror=steal()></style></title></svg>',
  '<template><script>steal()</script><img src=x onerror=steal()></template>',
  '<template><template></template><img src=x onerror=steal()>',
  '<select><option><script>steal()</script></option><img src=x onerror=steal()></select>',
  '<select><option><style></select><img src=x onerror=steal()></style>',
  '<select><template><style><!--</style><a rel="--></style></template></select><img id=x src=x onerror=steal()>">',
  '<form id=a><div></form><form id=b><input name=submit></div><img src=x onerror=steal()>',
  '<plaintext><img src=x onerror=steal()></plaintext><img src=y onerror=steal()>',
  '<p><xmp><p title="</xmp><img src=x onerror=steal()>">',
  '<noembed><p title="</noembed><img src=x onerror=steal()>">',
  '<noframes><p title="</noframes><img src=x onerror=steal()>">',
  '<title><p title="</title><img src=x onerror=steal()>">',
  '<textarea><p title="</textarea><img src=x onerror=steal()>">',
  '<iframe><p title="</iframe><img src=x onerror=steal()>">',
  '<style><p title="</style><img src=x onerror=steal()>">',
  '<script><!--<script></script><img src=x onerror=steal()>--></script>',
  '<!--><img src=x onerror=steal()>-->',
  '<!---><img src=x onerror=steal()>-->',
  '<!-- --!><img src=x onerror=steal()>-->',
  '<!-- a <!-- --><img src=x onerror=steal()> -->',
  '<![CDATA[<img src=x onerror=steal()>]]>',
  '<svg><![CDATA[><img src=x onerror=steal()>]]></svg>',
  '<?xml ><img src=x onerror=steal()>?>',
  '</ ><img src=x onerror=steal()>',
  '<a/href="javascript:steal()"/onclick=steal()>a',
  '<a href="java\nscript:steal()">a</a><a href="\u0001javascript:steal()">b</a>',
  '<a href=`javascript:steal()`>a</a><img src="x` `<script>steal()</script>"` `>',
  '<img src=x title="a"onerror=steal()>',
  '<img src=x\u0000 onerror=steal()><im\u0000g src=x onerror=steal()>',
  '<image src=x onerror=steal()>',
  '<table><td><img src=x onerror=steal()></td><svg onload=steal()></table>',
  '<a><table><td><a href="javascript:steal()"></a></td></table></a>',
  '<b><p><b><a id=x><div><b></a><img src=x onerror=steal()>',
  '<details open ontoggle=steal()><summary>a</summary></details><video><source onerror=steal()></video>',
  '<p style="position:fixed;inset:0">a</p><div style="all:unset;position:absolute">b</div>',
])('what parsers read in different ways comes to nothing that runs: %s', (html) => {
  expect(faultsOf(html)).not.toEqual([])
  expect(faultsOf(safeHtml(html))).toEqual([])
})

describe('what the scanner lets pass', () => {
  /** The library with nothing to object to: what it writes differs only in how it is written. */
  const rewritten = (html: string) => sanitizeHtml(html, { ...unlimited })
  const unlimited = {
    allowedTags: false as const,
    allowedAttributes: false as const,
    allowVulnerableTags: true,
    allowedSchemesAppliedToAttributes: [],
    parseStyleAttributes: false,
    selfClosing: options.selfClosing ?? [],
  }

  test('is left equivalent by the library', () => {
    let passed = 0
    fc.assert(
      fc.property(hostileHtml, (html) => {
        if (!isPlainlySafe(html)) return
        if (html.includes('<')) passed += 1
        expect(sanitizeHtml(html, options)).toBe(rewritten(html))
      }),
      { numRuns: 20_000 },
    )
    expect(passed).toBeGreaterThan(500)
  })
})

// What is quadratic takes minutes of these; the limit is far from both.
test('hostile html takes no long time and overflows no stack', { timeout: 120_000 }, () => {
  const hostile = [
    '<div onclick="a">'.repeat(100_000) + 'x',
    `x${'<'.repeat(300_000)}`,
    `x<a ${' '.repeat(300_000)}`,
    `x<a ${'b '.repeat(100_000)}`,
    `x<img srcset="${'/a 1x, '.repeat(50_000)}"`,
    `x<p style="${'a:b;'.repeat(100_000)}&">`,
    `x<img style="${'width:1px'.repeat(50_000)}">`,
    `x${'<!--'.repeat(100_000)}`,
    `x<a href="${' '.repeat(300_000)}">`,
  ]
  for (const html of hostile) {
    const start = performance.now()
    expect(safeHtml(html)).toContain('x')
    expect(performance.now() - start, html.slice(0, 20)).toBeLessThan(12_000)
  }
})
