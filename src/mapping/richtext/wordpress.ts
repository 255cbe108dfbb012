import type { Context, Format } from './format.ts'
import { isForVisitors, isGate, isHiddenBySettings, isPaywall } from './gates.ts'

/**
 * The `post_content` of WordPress, as its editor saves it: the comments that mark blocks go, and so do shortcodes, which
 * nobody has rendered. What is not for everybody goes with all that is in it: blocks and elements of membership plugins,
 * and what stands within a shortcode, unless that one is named as harmless. With `rendered`, the HTML that WordPress has
 * rendered: then brackets are text, unless their name is that of a gate.
 */
export const wordpress: Format = {
  shape: 'text',
  accepts: (value) => typeof value === 'string',
  isAuthored: true,
  render: (value, context) => render(value as string, context),
}

/** WordPress' own shortcodes that enclose something. */
const harmless: readonly string[] = ['caption', 'wp_caption', 'embed', 'audio', 'video', 'gallery', 'playlist']

function render(html: string, { options }: Context): string {
  const isRendered = options?.rendered === true
  const known = new Set([...(options?.shortcodes ?? harmless)].map((name) => name.toLowerCase()))
  const unmarked = withoutPairsInTags(withoutGatedElements(withoutBlockMarks(html)))
  const open = withoutShortcodes(unmarked, {
    isRendered,
    mayLeave: (name) => known.has(name),
    closes: closedIn(html),
  })
  return open === html ? html : open.replace(/\n{3,}/g, '\n\n').trim()
}

/**
 * Without the comments that mark blocks, and without gated blocks: up to the end of the block, or to the end of the text
 * if it has none. Cut out by hand: a pattern would look for the end of each comment that has none through all the rest.
 */
function withoutBlockMarks(html: string): string {
  let kept = ''
  let from = 0
  // The blocks around, the outermost first: whether what is in them stays.
  const blocks: { readonly name: string; readonly stays: boolean }[] = []
  const opened = new Map<string, number>()
  const stays = () => blocks.at(-1)?.stays ?? true
  for (let at = html.indexOf('<!--'); at !== -1; at = html.indexOf('<!--', at)) {
    const end = html.indexOf('-->', at + 4)
    if (end === -1) break
    const mark = html.slice(at + 4, end)
    const block = /^\s*(\/?)wp:([a-z0-9][\w/-]*)/i.exec(mark)
    if (block || /^(?:more|nextpage|noteaser)/.test(mark)) {
      if (stays()) kept += html.slice(from, at)
      from = end + 3
    }
    if (block) {
      const [all, slash, name] = block as unknown as [string, string, string]
      const settings = mark.slice(all.length).trim()
      if (isPaywall(name)) return kept
      if (slash === '/') close(blocks, opened, name)
      else if (!settings.endsWith('/')) {
        blocks.push({ name, stays: staysOpen(name, settings, stays()) })
        opened.set(name, (opened.get(name) ?? 0) + 1)
      }
    }
    at = end + 3
  }
  return stays() ? kept + html.slice(from) : kept
}

/** In a gate only what it shows to visitors stays. */
function staysOpen(name: string, settings: string, around: boolean): boolean {
  if (isForVisitors(name)) return true
  return around && !isGate(name) && !isHiddenBySettings(settings)
}

/** A block ends with those in it that were never closed; an end without a beginning is none. */
function close(blocks: { readonly name: string }[], opened: Map<string, number>, name: string): void {
  if ((opened.get(name) ?? 0) === 0) return
  for (let block = blocks.pop(); block !== undefined; block = blocks.pop()) {
    opened.set(block.name, opened.get(block.name)! - 1)
    if (block.name === name) return
  }
}

/** Without elements whose class says that they were a gated block: `wp-block-premium-content-subscriber-view`. */
function withoutGatedElements(html: string): string {
  if (!/\bclass\s*=/i.test(html)) return html
  let kept = ''
  let from = 0
  const opening = /<([a-z][a-z0-9]*)\b[^<>]*\bclass\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>]+))[^<>]*>/gi
  for (let found = opening.exec(html); found !== null; found = opening.exec(html)) {
    const classes = (found[2] ?? found[3] ?? found[4] ?? '').split(/\s+/)
    if (!classes.some(isGatedClass) || /^(?:img|br|hr|input|source)$/i.test(found[1]!)) continue
    kept += html.slice(from, found.index)
    from = endOfElement(html, found[1]!, opening.lastIndex)
    opening.lastIndex = from
  }
  return kept + html.slice(from)
}

function isGatedClass(name: string): boolean {
  const block = /^wp-block-(.+)$/.exec(name)?.[1]
  return block === undefined
    ? gatedClasses.has(name)
    : isGate(block) && !/^premium-content-(?:container|wrapper)$/.test(block)
}

const gatedClasses = new Set([
  'pmpro_content',
  'mepr-protected-content',
  'members-only',
  'subscribers-only',
  'rcp_restricted',
])

function endOfElement(html: string, tag: string, from: number): number {
  const tags = new RegExp(`<(/?)${tag}(?=[\\s/>])[^<>]*>`, 'gi')
  tags.lastIndex = from
  let open = 1
  for (let found = tags.exec(html); found !== null; found = tags.exec(html)) {
    open += found[1] === '/' ? -1 : 1
    if (open === 0) return tags.lastIndex
  }
  return html.length
}

interface Reading {
  /** Whether WordPress has rendered what it knows: then what is left in brackets is text. */
  readonly isRendered: boolean
  readonly mayLeave: (name: string) => boolean
  /** The names of all closing shortcodes, also of those in what has gone. */
  readonly closes: ReadonlySet<string>
}

/** A tag, or the beginning of `[name]`, `[name key="value" word]` and `[/name]`, with one more bracket before it if there is one. */
const tagOrShortcode = /<(?:\/?[a-z][^<>]*>|!--)|(\[?)\[(\/?)([a-z][\w-]*)(?=[\s/"'&\u201c\u201d\u00a0\]])/gi

interface Token {
  readonly start: number
  readonly end: number
  readonly isClosing: boolean
  readonly name: string
  readonly attributes: string
  readonly before: string
  readonly after: string
}

function closedIn(html: string): ReadonlySet<string> {
  return new Set([...html.matchAll(/\[\/([a-z][\w-]*)\s*\]/gi)].map(([, name]) => name!.toLowerCase()))
}

function withoutShortcodes(html: string, reading: Reading): string {
  if (!html.includes('[')) return html
  const tokens = tokensIn(html, reading.closes)
  const partners = partnersOf(tokens)
  let kept = ''
  let from = 0
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!
    const partner = partners.get(index)
    const what = decided(token, partner === undefined ? undefined : tokens[partner], reading)
    if (what === 'text') continue
    kept += html.slice(from, token.start)
    from = token.end
    if (what === 'escaped') kept += html.slice(token.start + token.before.length, token.end - token.after.length)
    else if (what === 'rest') return kept
    else kept += token.before + token.after
    if (what === 'all' && partner !== undefined) {
      index = lastWithin(index, partner, tokens, partners, reading)
      from = tokens[index]!.end
    }
  }
  return kept + html.slice(from)
}

/** Where what goes ends: a shortcode that begins in it and ends behind it goes with it. */
function lastWithin(
  first: number,
  end: number,
  tokens: readonly Token[],
  partners: ReadonlyMap<number, number>,
  reading: Reading,
): number {
  let last = end
  for (let at = first + 1; at < last; at++) {
    const partner = partners.get(at)
    if (partner !== undefined && partner > last && decided(tokens[at]!, tokens[partner], reading) === 'all')
      last = partner
  }
  return last
}

type Decision = 'text' | 'escaped' | 'tag' | 'all' | 'rest'

/** What becomes of a shortcode: of its tag, of all up to its end, or of all the rest. */
function decided(token: Token, partner: Token | undefined, reading: Reading): Decision {
  const { name, before, after, isClosing } = token
  if (before !== '' && (after !== '' || partner?.after)) return reading.isRendered ? 'text' : 'escaped'
  if (isClosing && before === '' && after !== '' && !reading.isRendered) return 'escaped' // [[x]…[/x]] ends
  const gate = isGate(name)
  if (reading.isRendered && !gate) return 'text'
  if (isClosing || reading.mayLeave(name)) return 'tag'
  if (partner !== undefined) return 'all'
  const isAlone = token.attributes.trimEnd().endsWith('/')
  if (!isAlone && (reading.closes.has(name) || (gate && isOne(token) && !isSingle(name)))) return 'rest'
  return isOne(token) ? 'tag' : 'text'
}

/** Forms, links and fields of membership plugins: they enclose nothing. */
function isSingle(name: string): boolean {
  return /(?:form|link|button|url|name|account|login|log-?in|logout|register|registration|signup|profile|price|checkout|count|list|levels?|page|menu|directory|table|badge|cards?)$|^(?:user|pmpro)_/i.test(
    name,
  )
}

/** Whether brackets without an end look like a shortcode at all: other text in brackets is left. */
function isOne({ name, attributes }: Token): boolean {
  return (
    attributes.includes('=') ||
    attributes.trimEnd().endsWith('/') ||
    name.includes('_') ||
    common.has(name) ||
    (isGate(name) && /-|only$/.test(name))
  )
}

/** Shortcodes that need no attributes. */
const common: ReadonlySet<string> = new Set(['gallery', 'playlist', 'audio', 'video', 'embed', 'toc'])

/** The shortcodes outside of tags: an attribute may hold brackets of its own. */
function tokensIn(html: string, closes: ReadonlySet<string>): Token[] {
  const tokens: Token[] = []
  let close = 0
  const places = new RegExp(tagOrShortcode)
  for (let found = places.exec(html); found !== null; found = places.exec(html)) {
    const [all, before, slash, written] = found
    if (written === undefined) continue
    const inner = found.index + all.length
    if (close < inner) close = html.indexOf(']', inner)
    if (close === -1) return tokens
    const name = written.toLowerCase()
    const attributes = html.slice(inner, close)
    // Only what is known to be a shortcode may reach over other brackets and tags: `[a man said [members]`.
    if (/[[<]/.test(attributes) && !closes.has(name) && !isGate(name)) continue
    const after = html[close + 1] === ']' ? ']' : ''
    const end = close + 1 + after.length
    tokens.push({ start: found.index, end, isClosing: slash === '/', name, attributes, before: before!, after })
    places.lastIndex = end
  }
  return tokens
}

/** Without what stands between shortcodes within a tag: WordPress reads those, too. */
function withoutPairsInTags(html: string): string {
  return html.replace(/<[a-z][^<>]*>/gi, (tag) =>
    tag.includes('[/') ? tag.slice(0, tag.indexOf('[')) + tag.slice(tag.lastIndexOf(']') + 1) : tag,
  )
}

/**
 * The end of each shortcode that has one, by their places. Those of one name nest; if there are more beginnings than ends,
 * the last end closes the first beginning, so that nothing between them stays.
 */
function partnersOf(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const partners = new Map<number, number>()
  const opened = new Map<string, number[]>()
  const last = new Map<string, number>()
  for (const [index, { name, isClosing, attributes }] of tokens.entries()) {
    const open = opened.get(name) ?? []
    opened.set(name, open)
    if (isClosing) {
      last.set(name, index)
      const first = open.pop()
      if (first !== undefined) partners.set(first, index)
    } else if (!attributes.trimEnd().endsWith('/')) open.push(index)
  }
  for (const [name, open] of opened) {
    const end = last.get(name)
    for (const index of open) if (end !== undefined && index < end) partners.set(index, end)
  }
  return partners
}
