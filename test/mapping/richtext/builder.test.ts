import { expect, test } from 'vitest'
import { htmlOfRichText } from '../../../src/mapping/richtext/rich-text.ts'

function block(name: string, options: object = {}, more: object = {}) {
  return { '@type': '@builder.io/sdk:Element', component: { name, options }, ...more }
}

const text = (html: string) => block('Text', { text: html })
const html = (...blocks: unknown[]) => htmlOfRichText(blocks, 'builder', { base: 'https://example.com' })

test('the text of blocks is HTML, plain text a paragraph, and a heading where its tag says so', () => {
  expect(html(text('<p>A <b>b</b></p>'), text('plain'))).toBe('<p>A <b>b</b></p><p>plain</p>')
  expect(html(block('Text', { text: 'Title' }, { tagName: 'h2' }))).toBe('<h2>Title</h2>')
  expect(html(block('Text', { text: '<h3>Title</h3>' }, { tagName: 'h2' }))).toBe('<h3>Title</h3>')
})

test('images, buttons and video come with their urls made absolute', () => {
  expect(html(block('Image', { image: '/a.png', altText: 'A "b"' }, { linkUrl: '/go' }))).toBe(
    '<a href="https://example.com/go"><img src="https://example.com/a.png" alt="A &quot;b&quot;" /></a>',
  )
  expect(html(block('Core:Button', { text: 'Go', link: 'javascript:alert(1)' }))).toBe('<p>Go</p>')
  expect(html(block('Video', { video: 'https://v.example/1.mp4' }))).toContain('<a href="https://v.example/1.mp4">')
})

test('blocks within blocks come in their order', () => {
  const columns = block('Columns', { columns: [{ blocks: [text('<p>1</p>')] }, { blocks: [text('<p>2</p>')] }] })
  const tabs = block('Builder: Tabs', { tabs: [{ label: [text('<p>3</p>')], content: [text('<p>4</p>')] }] })
  const accordion = block('Builder:Accordion', { items: [{ title: [text('<p>5</p>')], detail: [text('<p>6</p>')] }] })
  const box = { '@type': '@builder.io/sdk:Element', children: [text('<p>7</p>')] }
  expect(html(columns, tabs, accordion, box)).toBe('<p>1</p><p>2</p><p>3</p><p>4</p><p>5</p><p>6</p><p>7</p>')
})

test('what is for a part of the audience, hidden or no content is left out', () => {
  const variants = [{ query: [], blocks: [text('<p>members</p>')] }]
  const secret = text('<p>secret</p>')
  expect(html(block('PersonalizationContainer', { variants }, { children: [text('<p>all</p>')] }))).toBe('<p>all</p>')
  for (const more of [
    { hide: true },
    { show: false },
    { bindings: { show: 'state.a' } },
    { bindings: { hide: 'a' } },
  ]) {
    expect(html({ ...secret, ...more }, block('Box', {}, { ...more, children: [secret] }))).toBeUndefined()
  }
  const form = block('Form:Form', {}, { children: [block('Form:Input', { placeholder: 'name' })] })
  expect(html(block('Custom Code', { code: '<b>x</b>' }), block('Symbol', { symbol: {} }), form)).toBeUndefined()
})

test('of a text in several languages the default is taken, and a component that is not known gives its text', () => {
  const localized = { '@type': '@builder.io/core:LocalizedValue', Default: '<p>d</p>', 'de-DE': '<p>e</p>' }
  expect(html(block('Text', { text: localized }))).toBe('<p>d</p>')
  expect(html(block('Hero', { items: [{ text: 'a & b' }], image: 'x' }))).toContain('a &amp; b')
})

test('blocks may come as JSON in text; anything else is refused in words', () => {
  expect(htmlOfRichText(JSON.stringify([text('<p>1</p>')]), 'builder')).toBe('<p>1</p>')
  expect(() => htmlOfRichText({ blocks: [] }, 'builder')).toThrow(/format 'builder' takes a list/)
})
