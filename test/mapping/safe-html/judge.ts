import {
  type DefaultTreeAdapterTypes as Dom,
  defaultTreeAdapter,
  parse,
  parseFragment,
  serialize,
  html as standard,
} from 'parse5'
import { tags } from '../../../src/mapping/safe-html/policy.ts'

/**
 * What must not be in HTML that is shown, as a browser would find it: parsed by the HTML standard, as a page and as a
 * part of one, with scripting and without, and again as the tree is written out, where mutation XSS shows itself.
 * Nothing in here comes from the code that is judged, but for the list of elements that may be.
 */
export function faultsOf(html: string): string[] {
  const faults = new Set<string>()
  for (const scriptingEnabled of [true, false]) {
    for (const context of contexts) {
      let root = parsed(html, context, scriptingEnabled)
      const known = new Set(nodesOf(root).flatMap(attributesOf))
      for (let generation = 1; generation <= 3; generation += 1) {
        const nodes = nodesOf(root)
        for (const fault of nodes.flatMap(faultsOfNode)) faults.add(fault)
        for (const attribute of nodes.flatMap(attributesOf)) if (!known.has(attribute)) faults.add(`new: ${attribute}`)
        root = parsed(serialize(root), context, scriptingEnabled)
      }
    }
  }
  return [...faults]
}

/** Where a page may put the HTML. */
const contexts = ['page', 'body', 'template', 'td', 'li', 'p', 'a', 'form'] as const

function parsed(html: string, context: (typeof contexts)[number], scriptingEnabled: boolean): Dom.ParentNode {
  if (context !== 'page')
    return parseFragment(defaultTreeAdapter.createElement(context, standard.NS.HTML, []), html, { scriptingEnabled })
  const page = parse(`<!doctype html><body>${html}`, { scriptingEnabled })
  const root = page.childNodes.find((node) => node.nodeName === 'html') as Dom.Element
  return root.childNodes.find((node) => node.nodeName === 'body') as Dom.Element
}

function nodesOf(root: Dom.ParentNode): Dom.Node[] {
  const found: Dom.Node[] = []
  const open: Dom.Node[] = [...root.childNodes]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    found.push(node)
    if ('childNodes' in node) open.push(...node.childNodes)
    if ('content' in node) open.push(...node.content.childNodes)
  }
  return found
}

function attributesOf(node: Dom.Node): string[] {
  return 'tagName' in node ? node.attrs.map(({ name, value }) => `<${node.tagName} ${name}="${value}">`) : []
}

function faultsOfNode(node: Dom.Node): string[] {
  if (node.nodeName === '#text') return []
  if (!('tagName' in node)) return [node.nodeName]
  const { tagName, namespaceURI, attrs } = node
  const values = new Map(attrs.map(({ name, value }) => [name, value]))
  const faults = attrs
    .filter(({ name, value }) => isFault(name, value))
    .map(({ name, value }) => `<${tagName} ${name}="${value}">`)
  if (namespaceURI !== standard.NS.HTML || (tagName !== 'iframe' && !tags.has(tagName))) faults.push(`<${tagName}>`)
  if (tagName === 'iframe' && !players.test(values.get('src') ?? '')) faults.push(`<iframe ${values.get('src')}>`)
  if (/^(?:img|iframe)$/.test(tagName) && values.has('name')) faults.push(`<${tagName} name>`)
  const words = (values.get('rel') ?? '').toLowerCase().split(/[\t\n\f\r ]+/)
  if (tagName === 'a' && values.get('target') && !words.includes('noopener')) faults.push('<a target> without noopener')
  return faults
}

const players = /^https?:\/\/[a-z.-]+\.com\//

function isFault(name: string, value: string): boolean {
  if (/^on|[^a-z0-9-]|^(?:hx|x|v|ng|up|sx)-/.test(name) || acting.has(name)) return true
  if (name.startsWith('data-')) return !/^data-(?:a?lt|id|lang|src|label)$/.test(name)
  if (/^(?:href|src|cite|poster|itemtype|data-src)$/.test(name)) return isForbiddenUrl(value)
  if (name === 'srcset') return value.split(/[\s,]*\s[\s,]*|(?<=\s[\d.]+[wxh]),/).some(isForbiddenUrl)
  if (name === 'style') return isForbiddenStyle(value)
  return (name === 'id' || name === 'name') && clobbered.has(value)
}

const acting = new Set(
  `srcdoc action formaction is slot ping background autoplay autofocus contenteditable tabindex accesskey usemap form nonce
   popover popovertarget command commandfor data code codebase archive sandbox allow lowsrc dynsrc http-equiv
   content manifest xmlns part draggable method`.split(/\s+/),
)

const clobbered = new Set(
  'location cookie getElementById attributes submit constructor __proto__ forms body alert fetch top parentNode'.split(
    ' ',
  ),
)

/** By the parser of the URL standard, which is that of browsers: what it can't read leads nowhere. */
function isForbiddenUrl(value: string): boolean {
  const url = URL.parse(value, 'https://page.example/a/b')
  return url !== null && !/^(?:https?|mailto|tel):$/.test(url.protocol)
}

/** Escapes read and comments taken out, as the CSS standard has it. */
function isForbiddenStyle(style: string): boolean {
  const read = style
    .replace(/\/\*[\s\S]*?(?:\*\/|$)/g, '')
    .replace(/\\([0-9a-f]{1,6})\s?|\\(.)/gi, (_all, hex: string | undefined, character: string) =>
      hex === undefined ? character : String.fromCodePoint(Math.min(Number.parseInt(hex, 16), 0x10ffff)),
    )
  return forbiddenStyles.some((forbidden) => forbidden.test(read))
}

const forbiddenStyles = [
  /url\s*\(|expression|javascript/i,
  /(?:^|[;\s])position\s*:(?!\s*(?:static|relative)\b)/i,
  /(?:^|[;\s])(?:-[a-z]+-)?(?:transform|scale|translate|all|-[a-z-]*)\s*:/i,
  /(?:^|[;\s])(?:top|margin|padding|box-shadow)\s*:[^;]*(?:\d{4}px|calc)/i,
]
