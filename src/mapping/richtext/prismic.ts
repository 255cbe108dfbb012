import { serialize } from '@prismicio/client/richtext'
import { element, escapeHtml, heading, htmlOfText, image, link, wrapped } from './element.ts'
import { type Context, type Format, isNode, listAt, type Node, nodeAt, textAt } from './format.ts'
import { htmlOfAnyTree, type Reading } from './text.ts'

/**
 * Prismic's structured text, or slices with it. A link to a document is one if the API has resolved its `url`. Slices
 * give the text in their fields.
 */
export const prismic: Format = {
  shape: 'a list of {type: "paragraph", text, spans: […]}',
  accepts: (value) =>
    Array.isArray(value) &&
    value.every((block) => isNode(block) && (textAt(block, 'type') ?? textAt(block, 'slice_type'))),
  mayThrow: true,
  render: (value, context) => {
    const blocks = value as readonly Node[]
    const isSliced = blocks.some((block) => textAt(block, 'slice_type') !== undefined)
    return isSliced ? htmlOfAnyTree(blocks, readingFor(context)) : htmlOf(blocks, context)
  },
}

function htmlOf(blocks: readonly Node[], context: Context): string {
  return serialize<string>(blocks.map(mended) as never, (type, node, text, children) =>
    write(type, node as unknown as Node, text ?? '', children.join(''), context),
  ).join('')
}

function readingFor(context: Context): Reading {
  const isBlock = (block: unknown) =>
    isNode(block) && textAt(block, 'type') !== undefined && ('spans' in block || block['type'] === 'image')
  return {
    nested: (value) =>
      Array.isArray(value) && value.length > 0 && value.every(isBlock) ? htmlOf(value, context) : undefined,
  }
}

/** The library takes every text to have spans, and every span to lie within the text. */
function mended(block: Node): Node {
  if (typeof block['text'] !== 'string') return block
  const length = block['text'].length
  const isWithin = ({ start, end }: Node) =>
    Number.isInteger(start) &&
    Number.isInteger(end) &&
    0 <= Number(start) &&
    Number(start) < Number(end) &&
    Number(end) <= length
  return { ...block, spans: listAt(block, 'spans').filter(isNode).filter(isWithin) }
}

const tags: Readonly<Record<string, string>> = {
  paragraph: 'p',
  preformatted: 'pre',
  strong: 'strong',
  em: 'em',
  'list-item': 'li',
  'o-list-item': 'li',
  'group-list-item': 'ul',
  'group-o-list-item': 'ol',
}

function write(type: string, node: Node, text: string, children: string, context: Context): string {
  if (type === 'span') return htmlOfText(text)
  if (/^heading[1-6]$/.test(type)) return heading(type.at(-1), children)
  if (Object.hasOwn(tags, type)) return children === '' ? '' : wrapped(children, [tags[type]!])
  if (type === 'hyperlink') return link(context.url(textAt(nodeAt(node, 'data'), 'url')), children)
  if (type === 'image') {
    const picture = image(context.file(textAt(node, 'url')), textAt(node, 'alt'))
    return link(context.url(textAt(nodeAt(node, 'linkTo'), 'url')), picture)
  }
  if (type === 'embed') return embedOf(nodeAt(node, 'oembed'), context)
  const { text: _text, ...others } = node
  return children + htmlOfAnyTree(others, readingFor(context))
}

/** The player that the provider gives, if the sanitiser knows it, would say less to a reader than its title. */
function embedOf(oembed: Node, context: Context): string {
  const url = context.url(textAt(oembed, 'embed_url'))
  const title = textAt(oembed, 'title') ?? url
  return title === undefined ? '' : element('p', {}, link(url, escapeHtml(title)))
}
