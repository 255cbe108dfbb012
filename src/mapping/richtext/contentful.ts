import { documentToHtmlString, type Options } from '@contentful/rich-text-html-renderer'
import { element, escapeHtml, image, link } from './element.ts'
import { type Context, type Format, isNode, type Node, nodeAt, textAt } from './format.ts'
import { htmlOfAnyTree, htmlOfInline, type Reading } from './text.ts'

/**
 * Contentful's rich text. A webhook's links to entries and assets are ids only: they come out as their text. One that
 * has been resolved (`data.target.fields`) gives an image or a link, an embedded entry the text in its fields.
 */
export const contentful: Format = {
  shape: '{nodeType: "document", content: […]}',
  accepts: isDocument,
  mayThrow: true,
  render,
}

function isDocument(value: unknown): boolean {
  return isNode(value) && value['nodeType'] === 'document' && Array.isArray(value['content'])
}

function render(value: unknown, context: Context): string {
  return documentToHtmlString(value as Document, optionsFor(value, context))
}

type Document = Parameters<typeof documentToHtmlString>[0]
type Write = NonNullable<NonNullable<Options['renderNode']>[string]>
type Written = Parameters<Write>[0]

function optionsFor(document: unknown, context: Context): Options {
  const reading: Reading = { nested: (value) => (isDocument(value) ? render(value, context) : undefined) }
  const children: Write = (node, next) => next(node.content ?? [])
  const renderNode: Record<string, Write> = {
    hyperlink: (node, next) => link(context.url(node.data?.['uri']), next(node.content)),
    'asset-hyperlink': (node, next) => link(context.url(textAt(fileOf(node), 'url')), next(node.content)),
    'entry-hyperlink': children,
    'resource-hyperlink': children,
    'embedded-asset-block': (node) => assetOf(node, context),
    'embedded-entry-block': (node, next) => next(node.content ?? []) + htmlOfAnyTree(fieldsOf(node), reading),
    'embedded-entry-inline': (node, next) => next(node.content ?? []) + htmlOfInline(fieldsOf(node)),
    'embedded-resource-block': children,
    'embedded-resource-inline': children,
  }
  const anything: Write = (node, next) => {
    const { content } = node
    const inner = Array.isArray(content) ? next(content) : ''
    return htmlOfAnyTree(node, { ...reading, written: new Map([[content, inner]]) })
  }
  const unknown = [...kindsIn(document)].filter((kind) => !known.has(kind) && !Object.hasOwn(renderNode, kind))
  // From entries, because a kind may be called __proto__.
  return { renderNode: { ...renderNode, ...Object.fromEntries(unknown.map((kind) => [kind, anything])) } }
}

const known = new Set(
  `paragraph heading-1 heading-2 heading-3 heading-4 heading-5 heading-6 unordered-list ordered-list list-item blockquote
   hr table table-row table-cell table-header-cell text`.split(/\s+/),
)

/** Every kind of node in a document: the library leaves out those that it does not know, with all that is in them. */
function kindsIn(document: unknown): ReadonlySet<string> {
  const kinds = new Set<string>()
  const waiting = [document]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!isNode(node)) continue
    if (typeof node['nodeType'] === 'string') kinds.add(node['nodeType'])
    if (Array.isArray(node['content'])) for (const child of node['content']) waiting.push(child ?? null)
  }
  return kinds
}

function fieldsOf(node: Written): Node {
  return nodeAt(nodeAt(nodeAt(node as unknown as Node, 'data'), 'target'), 'fields')
}

function fileOf(node: Written): Node {
  return nodeAt(fieldsOf(node), 'file')
}

function assetOf(node: Written, context: Context): string {
  const fields = fieldsOf(node)
  const file = nodeAt(fields, 'file')
  const url = textAt(file, 'url')
  const address = context.url(url?.startsWith('//') ? `https:${url}` : url)
  const title = textAt(fields, 'title') ?? textAt(file, 'fileName')
  if ((textAt(file, 'contentType') ?? 'image/').startsWith('image/')) {
    return image(address, textAt(fields, 'description') ?? title)
  }
  return title === undefined ? '' : element('p', {}, link(address, escapeHtml(title)))
}
