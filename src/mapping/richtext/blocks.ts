import { element, heading, htmlOfText, image, link, wrapped } from './element.ts'
import { type Format, isNode, listAt, type Node, nodeAt, textAt } from './format.ts'
import { type Dialect, renderNodes, within } from './tree.ts'

/** The blocks of Strapi 5. Components of a dynamic zone, which name themselves in `__component`, give their text. */
export const blocks: Format = {
  shape: 'a list of {type: "paragraph", children: […]}',
  accepts: (value) =>
    Array.isArray(value) &&
    value.every((block) => isNode(block) && (textAt(block, 'type') ?? textAt(block, '__component'))),
  render: (value, context) => renderNodes(value as readonly unknown[], dialect, context),
}

function isBlocks(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0 && value.every((block) => isNode(block) && isBlock(block))
}

function isBlock(block: Node): boolean {
  return textAt(block, 'type') !== undefined && Array.isArray(block['children'])
}

const dialect: Dialect = {
  kindOf: ({ type, __component: component }) => String(type ?? component),
  childrenOf: (node) => listAt(node, 'children'),
  spans: new Set(['text']),
  nodesIn: (value) => (isBlocks(value) ? value : undefined),
  rules: {
    text: (node) => marked(node),
    paragraph: within('p'),
    heading: (node, inner) => (inner === '' ? '' : heading(node['level'], inner)),
    list: (node, inner) => element(node['format'] === 'ordered' ? 'ol' : 'ul', {}, inner),
    'list-item': within('li'),
    quote: within('blockquote'),
    code: (_node, inner) => wrapped(inner.replaceAll('<br />', '\n'), ['code', 'pre']),
    link: (node, inner, context) => link(context.url(node['url']), inner),
    image: (node, _inner, context) => {
      const file = nodeAt(node, 'image')
      return image(context.file(file['url']), textAt(file, 'alternativeText'), textAt(file, 'caption'))
    },
  },
}

const marks: readonly (readonly [key: string, tag: string])[] = [
  ['code', 'code'],
  ['bold', 'strong'],
  ['italic', 'em'],
  ['underline', 'u'],
  ['strikethrough', 's'],
]

function marked(node: Node): string {
  const tags = marks.filter(([key]) => node[key] === true).map(([, tag]) => tag)
  return wrapped(htmlOfText(textAt(node, 'text') ?? ''), tags)
}
