import { escapeHtml, heading, image, link, wrapped } from './element.ts'
import { type Context, type Format, isNode, listAt, type Node, nodeAt, textAt } from './format.ts'
import { type Dialect, type Rule, renderNodes } from './tree.ts'

/**
 * The blocks of Builder.io. The text of its Text component is HTML. What is shown under a condition, to a part of the
 * audience or not at all is left out: of a personalised container the default is taken.
 * Source: BuilderIO/builder packages/sdks/src/types/builder-block.ts and src/blocks.
 */
export const builder: Format = {
  shape: 'a list of {"@type": "@builder.io/sdk:Element", component: {name, options}}',
  accepts: (value) => Array.isArray(value) && value.every(isNode),
  render: (value, context) => renderNodes(value as readonly unknown[], dialect, context),
}

const dialect: Dialect = {
  kindOf: (block) => (isHidden(block) ? 'hidden' : nameOf(block)),
  childrenOf: (block) => (isHidden(block) ? [] : listAt(block, 'children')),
  spans: new Set(),
  nodesIn: (value) => (isBlocks(value) ? value : undefined),
  contentOf: (block) => [contentOf(block), listAt(block, 'children')],
  reading: { resolve: defaultOf },
  rules: {
    hidden: () => '',
    text: (block, inner) => textOf(block) + inner,
    image: pictureOf,
    img: pictureOf,
    button: (block, inner, context) => buttonOf(block, context) + inner,
    video: (block, inner, context) => elsewhere(optionOf(block, 'video'), context) + inner,
    embed: (block, inner, context) => elsewhere(optionOf(block, 'url'), context) + inner,
    // Another entry, code, and what asks for something: no content of this one.
    symbol: () => '',
    customcode: () => '',
    input: () => '',
    select: () => '',
    textarea: () => '',
  },
}

/** `Core:Button`, `Builder: Tabs` and `Raw:Img` without what stands before the colon. */
function nameOf(block: Node): string {
  const name = textAt(nodeAt(block, 'component'), 'name') ?? ''
  const known = (name.split(':').at(-1) ?? '').replace(/[\s_-]/g, '').toLowerCase()
  return known.startsWith('form') || name.startsWith('Form:') ? 'hidden' : known
}

function isHidden(block: Node): boolean {
  const bindings = nodeAt(block, 'bindings')
  return block['hide'] === true || block['show'] === false || 'show' in bindings || 'hide' in bindings
}

/** Options of a component, with the blocks in them. Variants are for a part of the audience. */
function contentOf(block: Node): Node {
  const { variants: _variants, ...options } = nodeAt(nodeAt(block, 'component'), 'options')
  return options
}

function isBlocks(value: unknown): value is readonly unknown[] {
  const isBlock = (block: unknown) =>
    isNode(block) &&
    (block['@type'] === '@builder.io/sdk:Element' || textAt(nodeAt(block, 'component'), 'name') !== undefined)
  return Array.isArray(value) && value.length > 0 && value.every(isBlock)
}

/** Of a value in several languages the default; of another entry nothing. */
function defaultOf(value: object): unknown {
  if (!isNode(value)) return value
  if (value['@type'] === '@builder.io/core:LocalizedValue') return value['Default']
  return value['@type'] === '@builder.io/core:Reference' ? undefined : value
}

/** An option; of one in several languages the default. */
function optionOf(block: Node, name: string): string | undefined {
  const options = nodeAt(nodeAt(block, 'component'), 'options')
  return textAt(options, name) ?? textAt(nodeAt(options, name), 'Default')
}

function textOf(block: Node): string {
  const html = optionOf(block, 'text') ?? ''
  const level = /^h([1-6])$/.exec(String(block['tagName']))?.[1]
  if (level !== undefined && !/<(h[1-6]|p|div|ul|ol)[\s>]/i.test(html)) return heading(level, html)
  return /<[a-z]/i.test(html) || html === '' ? html : wrapped(html, ['p'])
}

function pictureOf(block: Node, inner: string, context: Context): ReturnType<Rule> {
  const picture = image(context.url(optionOf(block, 'image') ?? optionOf(block, 'src')), optionOf(block, 'altText'))
  return link(picture === '' ? undefined : context.url(block['linkUrl']), picture) + inner
}

function buttonOf(block: Node, context: Context): string {
  const text = optionOf(block, 'text')?.replace(/<[^<>]*>/g, '')
  if (text === undefined) return ''
  return wrapped(link(context.url(optionOf(block, 'link') ?? optionOf(block, 'url')), escapeHtml(text)), ['p'])
}

function elsewhere(url: string | undefined, context: Context): string {
  const href = context.url(url)
  return href === undefined ? '' : wrapped(link(href, escapeHtml(href)), ['p'])
}
