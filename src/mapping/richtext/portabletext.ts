import { toHTML } from '@portabletext/to-html'
import { element, escapeHtml, image, link } from './element.ts'
import { type Context, type Format, isNode, nodeAt, textAt } from './format.ts'
import { htmlOfAnyTree, htmlOfInline, type Reading } from './text.ts'

/**
 * Sanity's Portable Text. An image needs `asset.url`, which a projection resolves (`asset->{url}`); types of one's own
 * come out as their text.
 */
export const portabletext: Format = {
  shape: 'a list of {_type: "block", children: […]}, or one of them',
  accepts: (value) =>
    (Array.isArray(value) ? value : [value]).every((block) => isNode(block) && textAt(block, '_type')),
  mayThrow: true,
  render,
}

function render(value: unknown, context: Context): string {
  return toHTML(value as never, { components: componentsFor(context) as never, onMissingComponent: false })
}

/** Blocks within a type of one's own, such as the answers of its questions. */
function readingFor(context: Context): Reading {
  const isTyped = (block: unknown) => isNode(block) && textAt(block, '_type') !== undefined
  const isBlock = (block: unknown) => isNode(block) && block['_type'] === 'block' && Array.isArray(block['children'])
  return {
    nested: (value) => {
      const isOne = Array.isArray(value) ? value.every(isTyped) && value.some(isBlock) : isBlock(value)
      return isOne ? render(value, context) : undefined
    },
  }
}

interface Given {
  readonly value?: unknown
  readonly children?: string
  readonly isInline?: boolean
}

function componentsFor(context: Context) {
  const reading = readingFor(context)
  const anchor = ({ value, children = '' }: Given) => link(context.url(isNode(value) && value['href']), children)
  return {
    types: {
      image: ({ value }: Given) => imageOf(value, context),
      code: ({ value }: Given) =>
        wrap('pre', element('code', {}, escapeHtml((isNode(value) && textAt(value, 'code')) || ''))),
    },
    marks: { link: anchor, underline: ({ children = '' }: Given) => wrap('u', children) },
    escapeHTML: escapeHtml,
    unknownType: ({ value, isInline }: Given) => (isInline ? htmlOfInline(value) : htmlOfAnyTree(value, reading)),
    unknownMark: ({ children = '' }: Given) => children,
  }
}

function wrap(tag: string, inner: string): string {
  return `<${tag}>${inner}</${tag}>`
}

function imageOf(value: unknown, context: Context): string {
  if (!isNode(value)) return ''
  const url = textAt(nodeAt(value, 'asset'), 'url') ?? textAt(value, 'url')
  return image(context.file(url), textAt(value, 'alt'), textAt(value, 'caption'))
}
