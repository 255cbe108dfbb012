import { escapeHtml } from './element.ts'
import { type Format, isNode, type Node, nodeAt } from './format.ts'

/** The text that a node itself holds: `text`, the `value` of a text node, or `code`. */
function ownText(node: Node): string | undefined {
  const { type, nodeType, text, value, code } = node
  if (typeof text === 'string') return text
  const kind = nodeType ?? type
  if (typeof value === 'string' && (kind === 'text' || kind === 'span')) return value
  return typeof code === 'string' ? code : undefined
}

/**
 * The text in a tree of any shape, by paragraphs: what stands in one list with text, at any depth below it, is one.
 * Walks without recursion, so no depth is too deep.
 */
export function paragraphsOf(tree: unknown): string[] {
  const paragraphs: string[][] = []
  const opened = () => {
    const paragraph: string[] = []
    paragraphs.push(paragraph)
    return paragraph
  }
  const waiting: { readonly value: unknown; readonly paragraph: string[] | null }[] = [{ value: tree, paragraph: null }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value } = next
    let { paragraph } = next
    if (Array.isArray(value)) {
      if (paragraph === null && value.some(isPartOfLine)) {
        paragraph = value.some(isBlockOfText) ? null : opened()
      }
      for (let at = value.length - 1; at >= 0; at--) waiting.push({ value: value[at], paragraph })
    } else if (isNode(value)) {
      const text = ownText(value)
      if (text !== undefined) {
        paragraph ??= opened()
        paragraph.push(text)
      }
      const members = Object.values(value)
      for (let at = members.length - 1; at >= 0; at--) {
        if (typeof members[at] === 'object') waiting.push({ value: members[at], paragraph })
      }
    }
  }
  return paragraphs.map((parts) => parts.join('').trim()).filter((text) => text !== '')
}

/** A node with text of its own, or with that of its `textData`. */
function isPartOfLine(entry: unknown): boolean {
  return isNode(entry) && (ownText(entry) ?? ownText(nodeAt(entry, 'textData'))) !== undefined
}

/** A node that holds its whole text, and is no part of a line: Prismic's blocks, code. */
function isBlockOfText(entry: unknown): boolean {
  return isNode(entry) && (Array.isArray(entry['spans']) || typeof entry['code'] === 'string')
}

/** HTML of the text in a tree of any shape. */
export function htmlOfAnyTree(tree: unknown): string {
  return paragraphsOf(tree)
    .map((text) => `<p>${escapeHtml(text)}</p>`)
    .join('')
}

/** Any tree, or plain text: paragraphs, and nothing else. */
export const text: Format = {
  shape: 'text or any tree',
  accepts: (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  render: (value) =>
    typeof value === 'string'
      ? value
          .split(/\n\s*\n/)
          .filter((part) => part.trim() !== '')
          .map((part) => `<p>${escapeHtml(part.trim()).replace(/\r?\n/g, '<br />')}</p>`)
          .join('')
      : htmlOfAnyTree(value),
}
