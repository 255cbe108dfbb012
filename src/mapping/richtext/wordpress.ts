import type { Format } from './format.ts'

/**
 * The `post_content` of WordPress, as its editor saves it: the comments that mark blocks go, and so do shortcodes, which
 * nobody has rendered; what they enclose stays.
 */
export const wordpress: Format = {
  shape: 'text',
  accepts: (value) => typeof value === 'string',
  isAuthored: true,
  render: (value) =>
    withoutShortcodes(withoutBlockMarks(value as string))
      .replace(/\n{3,}/g, '\n\n')
      .trim(),
}

/** Cut out by hand: a pattern would look for the end of each comment that has none through all the rest. */
function withoutBlockMarks(html: string): string {
  let kept = ''
  let from = 0
  for (let at = html.indexOf('<!--'); at !== -1; at = html.indexOf('<!--', at)) {
    const end = html.indexOf('-->', at + 4)
    if (end === -1) break
    if (/^(?:\s*\/?wp:|more|nextpage|noteaser)/.test(html.slice(at + 4, at + 40))) {
      kept += html.slice(from, at)
      from = end + 3
    }
    at = end + 3
  }
  return kept + html.slice(from)
}

/** `[name]`, `[name key="value" key=value]`, `[/name]`, and `[[name]]`, which stands for the text `[name]`. */
const shortcode = /\[(\[?)(\/?[a-z][\w-]*)((?:\s+[\w-]+(?:=(?:"[^"\]]*"|'[^'\]]*'|[^\s[\]"']+))?)*)\s*(\/?)\](\]?)/gi

function withoutShortcodes(html: string): string {
  if (!html.includes('[')) return html
  const closed = new Set([...html.matchAll(/\[\/([a-z][\w-]*)\]/gi)].map(([, name]) => name!.toLowerCase()))
  const isOne = (name: string, attributes: string, end: string) =>
    name.startsWith('/') ||
    attributes.includes('=') ||
    end !== '' ||
    name.includes('_') ||
    closed.has(name.toLowerCase()) ||
    common.has(name.toLowerCase())
  const removed = (all: string, open: string, name: string, attributes: string, end: string, close: string) => {
    if (open !== '' && close !== '') return `[${name}${attributes}${end}]`
    return isOne(name, attributes, end) ? open + close : all
  }
  // Only outside of tags: an attribute may hold brackets of its own.
  return html.replace(/<[^<>]*>|[^<]+|</g, (part) => (part.startsWith('<') ? part : part.replace(shortcode, removed)))
}

/** Shortcodes that need no attributes. Other text in brackets is left: it may well be text. */
const common: ReadonlySet<string> = new Set(['gallery', 'playlist', 'audio', 'video', 'embed', 'toc'])
