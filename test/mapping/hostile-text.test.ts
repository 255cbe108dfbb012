import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, Script } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { textOfHtml } from '../../src/mapping/functions/html-text.ts'
import { guess } from '../../src/mapping/guess/guess.ts'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { htmlOfMarkdown, htmlOfRichText } from '../../src/mapping/richtext/rich-text.ts'
import { safeHtml } from '../../src/mapping/safe-html/clean.ts'
import { readWebhook } from '../../src/mapping/webhook/webhook.ts'
import { createHmacScheme, hmacSchema } from '../../src/verify/hmac.ts'
import { fixtureSource, fixtures } from './fixtures.ts'
import { load, webhook } from './support.ts'

/** Work in proportion to a text of the lengths below is done in a part of this; work that grows with the square is not. */
const limitMs = 3_000
const megabyte = 1_000_000

/** A piece over and over, and an end that fits nothing. */
function hostile(piece: string, length = megabyte, end = '\u0001'): string {
  return piece.repeat(Math.ceil(length / piece.length)) + end
}

const script = new Script('run()')
const context = createContext({})

/** Runs within the limit, or fails: V8 breaks off also within a regular expression. */
function bounded<T>(run: () => T): T {
  context['run'] = run
  return script.runInContext(context, { timeout: limitMs }) as T
}

describe('what no editor writes is read in a time that is bounded by its length', () => {
  const pieces = [
    ...['<', '<a ', '<div>', '<!--', '<!-- wp:', '</a', '<img width="', '<a href="/', '<p style="width:1 '],
    ...['[', '[a ', '![a](', '{{', '{{media url=o', '"', '&#1', '&amp', '@a.', '/', '=', '\t', ' \n', 'http://a.'],
    ...['~~a~ ', '*a **a ', 'a_', '> ', '1. ', '- a\n ', '`a``', '[a]: b\n', '|a\n'],
  ]
  const renderers: Readonly<Record<string, (text: string) => unknown>> = {
    'text of html': textOfHtml,
    'safe html': safeHtml,
    markdown: htmlOfMarkdown,
    "WordPress' content": (text) => htmlOfRichText(text, 'wordpress', {}),
    'a field without a mapping': (text) => guess({ [text]: 'a', field: text, slug: text }, anyField),
    "Editor.js' caption": (text) =>
      htmlOfRichText({ blocks: [{ type: 'image', data: { file: { url: text }, caption: text } }] }, 'editorjs', {}),
  }
  const anyField = {
    origin: 'https://example.com',
    mediaOrigin: undefined,
    omit: new Set<string>(),
    omitEverywhere: new Set<string>(),
    only: null,
    ids: null,
  }

  test.each(Object.entries(renderers))('%s', { timeout: 60_000 }, (name, render) => {
    for (const piece of pieces)
      expect(() => bounded(() => render(hostile(piece, name === 'markdown' ? 50_000 : 100_000))), piece).not.toThrow()
  })

  test('an attribute', () => {
    for (const value of ['/', '1 ', ' ', 'a', '//', 'a,', '1x,']) {
      const html = `<img width="${hostile(value)}" height="1" src="${hostile(value)}" srcset="${hostile(value)}">`
      expect(typeof bounded(() => safeHtml(html))).toBe('string')
    }
  })

  test.each([
    ['wordpress', 'post-blocks.json', 'post_content', ['<!-- wp:', '<!--wp:a', '\n \n', '[a ', '<p ']],
    ['adobe-commerce', 'product-saved.json', 'description', ['{{', '{{media url=o', '{{a{', '}{{media url="o']],
  ])('the content of a record of %s', async (cms, file, member, pieces) => {
    const mapper = await mapperFor(cms)
    const { headers, body } = JSON.parse(readFileSync(join(fixtures, cms, file), 'utf8'))
    for (const piece of pieces) {
      const text = JSON.stringify(body, (name, value) => (name === member ? hostile(piece, 300_000) : value))
      expect(text.length).toBeGreaterThan(300_000)
      const startedAt = performance.now()
      const { drafts } = await mapper.map(webhook(JSON.parse(text), headers))
      expect(drafts.length).toBeGreaterThan(0)
      expect(performance.now() - startedAt, piece).toBeLessThan(limitMs)
    }
  })
})

async function mapperFor(cms: string) {
  const { vars, models } = fixtureSource(cms)
  return bindMapper((await load({})).get(cms)!, { source: cms, vars, models })
}

describe('headers of strangers, as long as the server takes them', () => {
  const header = (piece: string) => hostile(piece, 16_000, 'x')

  test('are compared in proportion to their length', () => {
    const config = hmacSchema.parse({ scheme: 'hmac', header: 'x', encoding: 'base64url', separator: ',' })
    const scheme = createHmacScheme(config, ['secret'])
    const delivery = { source: 's', method: 'POST', path: '/', query: '', body: Buffer.alloc(0) }
    for (const piece of ['=', ',', ' ', '=,']) {
      const check = () => scheme.check({ ...delivery, headers: { x: header(piece) } }, delivery.body, 0)
      for (let time = 0; time < 20; time += 1) expect(bounded(check)).not.toBeNull() // refused
    }
  })

  test('name a content type and charset', () => {
    for (const piece of [' ', 'charset=\t', ';', '"']) {
      const headers = { 'content-type': `text/plain; charset=${header(piece)}` }
      const read = () =>
        readWebhook({ method: 'POST', path: '/', query: '', headers, body: Buffer.from('a'), limit: 10 })
      expect(() => void bounded(read).catch(() => {}), piece).not.toThrow()
    }
  })
})

test('markdown that is too costly to read becomes its text', () => {
  for (const text of [hostile('~~a~ ', 50_000), hostile('> '), hostile('a__b', 50_000)]) {
    const html = htmlOfMarkdown(text)
    expect(html.startsWith('<p>')).toBe(true)
    expect(html.match(/<(?!\/?p>)/)).toBeNull()
  }
  expect(htmlOfMarkdown('> a\n> > b\n\n1. *c* ~~d~~ [e](/f)')).toMatch(
    /<blockquote>[\s\S]*<blockquote>[\s\S]*<em>c<\/em> <del>d<\/del> <a href="\/f">e<\/a>/,
  )
})
