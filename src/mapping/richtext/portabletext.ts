import { toHTML } from '@portabletext/to-html'
import { element, escapeHtml, image, link } from './element.ts'
import { type Context, type Format, isNode, nodeAt, textAt } from './format.ts'
import { htmlOfAnyTree, paragraphsOf } from './text.ts'

/**
 * Sanity's Portable Text. An image needs `asset.url`, which a projection resolves (`asset->{url}`); types of one's own
 * come out as their text.
 */
export const portabletext: Format = {
  shape: 'a list of {_type: "block", children: […]}, or one of them',
  accepts: (value) =>
    (Array.isArray(value) ? value : [value]).every((block) => isNode(block) && textAt(block, '_type')),
  mayThrow: true,
  render: (value, context) =>
    toHTML(value as never, { components: componentsFor(context) as never, onMissingComponent: false }),
}

interface Given {
  readonly value?: unknown
  readonly children?: string
  readonly isInline?: boolean
}

function componentsFor(context: Context) {
  const anchor = ({ value, children = '' }: Given) => link(context.url(isNode(value) && value['href']), children)
  return {
    types: {
      image: ({ value }: Given) => imageOf(value, context),
      code: ({ value }: Given) =>
        wrap('pre', element('code', {}, escapeHtml((isNode(value) && textAt(value, 'code')) || ''))),
    },
    marks: { link: anchor, underline: ({ children = '' }: Given) => wrap('u', children) },
    escapeHTML: escapeHtml,
    unknownType: ({ value, isInline }: Given) =>
      isInline ? escapeHtml(paragraphsOf(value).join(' ')) : htmlOfAnyTree(value),
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
