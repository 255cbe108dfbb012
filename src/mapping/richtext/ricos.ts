import { element, escapeHtml, heading, htmlOfText, image, link, wrapped } from './element.ts'
import { type Context, type Format, isNode, listAt, type Node, nodeAt, textAt } from './format.ts'
import { cell, type Dialect, type Rule, renderNodes, rule, within } from './tree.ts'

/** The rich content of Wix. */
export const ricos: Format = {
  shape: '{nodes: [{type: "PARAGRAPH", nodes: […]}, …]}',
  accepts: isContent,
  render: (value, context) => renderNodes(listAt(value as Node, 'nodes'), dialect, context),
}

function isContent(value: unknown): value is Node {
  return isNode(value) && Array.isArray(value['nodes'])
}

const listOf =
  (tag: 'ol' | 'ul'): Rule =>
  (_node, inner) =>
    inner === '' ? '' : wrapped(inner, [tag])

/** A link to what the page shows there, with its title before the content. */
const shown =
  (member: string, urlAt: (data: Node) => unknown, titleAt: (data: Node) => string | undefined): Rule =>
  (node, inner, context) => {
    const data = nodeAt(node, member)
    const url = context.url(urlAt(data))
    const title = titleAt(data) ?? url
    return title === undefined ? inner : element('p', {}, link(url, escapeHtml(title))) + inner
  }

const linkUrl = (data: Node) => nodeAt(data, 'link')['url']

const dialect: Dialect = {
  kindOf: ({ type }) => String(type),
  childrenOf: (node) => listAt(node, 'nodes'),
  spans: new Set(['TEXT']),
  nodesIn: (value) => (isContent(value) ? listAt(value, 'nodes') : undefined),
  rules: {
    TEXT: (node, _inner, context) => marked(nodeAt(node, 'textData'), context),
    PARAGRAPH: within('p'),
    HEADING: (node, inner) => (inner === '' ? '' : heading(nodeAt(node, 'headingData')['level'], inner)),
    BLOCKQUOTE: within('blockquote'),
    BULLETED_LIST: listOf('ul'),
    ORDERED_LIST: listOf('ol'),
    LIST_ITEM: within('li'),
    CODE_BLOCK: (_node, inner) => wrapped(inner.replaceAll('<br />', '\n'), ['code', 'pre']),
    DIVIDER: rule,
    IMAGE: (node, inner, context) => imageOf(nodeAt(node, 'imageData'), context) + inner,
    CAPTION: within('p'),
    GALLERY: (node, inner, context) => galleryOf(nodeAt(node, 'galleryData'), context) + inner,
    VIDEO: shown(
      'videoData',
      (data) => nodeAt(nodeAt(data, 'video'), 'src')['url'],
      (data) => textAt(data, 'title'),
    ),
    AUDIO: shown(
      'audioData',
      (data) => nodeAt(nodeAt(data, 'audio'), 'src')['url'],
      (data) => textAt(data, 'name'),
    ),
    FILE: shown(
      'fileData',
      (data) => nodeAt(data, 'src')['url'],
      (data) => textAt(data, 'name'),
    ),
    EMBED: shown(
      'embedData',
      (data) => data['src'],
      (data) => textAt(nodeAt(data, 'oembed'), 'title'),
    ),
    LINK_PREVIEW: shown('linkPreviewData', linkUrl, (data) => textAt(data, 'title')),
    BUTTON: shown('buttonData', linkUrl, (data) => textAt(data, 'text')),
    TABLE: within('table'),
    TABLE_ROW: within('tr'),
    TABLE_CELL: cell('td'),
  },
}

const tags: Readonly<Record<string, string>> = { BOLD: 'strong', ITALIC: 'em', UNDERLINE: 'u', STRIKETHROUGH: 's' }

function marked(data: Node, context: Context): string {
  let html = htmlOfText(textAt(data, 'text') ?? '')
  for (const decoration of listAt(data, 'decorations').filter(isNode)) {
    const type = String(decoration['type'])
    // Bold carries a weight, and italic a switch: both are also said of text that is neither.
    if (decoration['italicData'] === false || Number(decoration['fontWeightValue'] ?? 700) < 600) continue
    if (type === 'LINK') html = link(context.url(linkUrl(nodeAt(decoration, 'linkData'))), html)
    else if (Object.hasOwn(tags, type)) html = wrapped(html, [tags[type]!])
  }
  return html
}

function imageOf(data: Node, context: Context): string {
  const picture = image(context.file(sourceOf(nodeAt(data, 'image'))), textAt(data, 'altText'), textAt(data, 'caption'))
  return picture === '' ? '' : link(context.url(linkUrl(data)), picture)
}

/** A file of Wix is named by its id, which is its place on Wix' own host. */
function sourceOf(file: Node): string | undefined {
  const src = nodeAt(file, 'src')
  const id = textAt(src, 'id')
  return textAt(src, 'url') ?? (id && /^[\w.~-]+$/.test(id) ? `https://static.wixstatic.com/media/${id}` : undefined)
}

function galleryOf(data: Node, context: Context): string {
  const images = listAt(data, 'items').filter(isNode)
  return images
    .map((item) => imageOf({ image: nodeAt(nodeAt(item, 'image'), 'media'), altText: item['altText'] }, context))
    .join('')
}
