/**
 * What is prose: text that an editor wrote for readers, as against ids, settings and addresses. The one rule for all
 * formats; docs/decisions/rich-text.md says it in words. The name of a field decides how much its value has to prove:
 *
 * - a name of text (`title`, `answer`, `rows`): anything but what only machines write counts;
 * - a name of settings (`align`, `status`, `icon`): only a sentence counts;
 * - a name of internals (`id`, `url`, `style`, `password`): nothing counts;
 * - any other name: the value must look like language.
 */
export function isProse(name: string, value: string): boolean {
  const text = value.trim().slice(0, enough)
  if (text === '') return false
  if (name === 'text' || name === 'code') return true
  const role = roleOf(name)
  if (role === 'internal') return false
  if ((role === 'text' || name === 'value') && shownNumber.test(text)) return true
  if (isMachineText(text)) return false
  if (role === 'text') return true
  return role === 'setting' ? isSentence(text) : isLanguage(text)
}

/** So many characters tell what a value is. */
const enough = 2000

export type Role = 'text' | 'setting' | 'internal' | 'open'

/** What the name of a field says about its values: the last word that is known decides. */
export function roleOf(name: string): Role {
  const known = roles.get(name)
  if (known !== undefined) return known
  const role = roleOfWords(name)
  if (roles.size < 10_000) roles.set(name, role) // names come from content: their number has no bound
  return role
}

const roles = new Map<string, Role>()

function roleOfWords(name: string): Role {
  if (/^[_@$]/.test(name)) return 'internal'
  const words = wordsOf(name)
  if (privateWords.some((word) => words.includes(word))) return 'internal'
  const last = words.at(-1) ?? ''
  if (words.length > 1 && last === 'code') return 'internal' // countryCode
  if (words.length > 1 && (last === 'at' || last === 'by')) return 'internal' // createdAt, updated_by
  if (internalWords.has(last) || internalWords.has(words.join(''))) return 'internal'
  if (textWords.has(last)) return 'text'
  return settingWords.has(last) ? 'setting' : 'open'
}

/** `buttonLabel2`, `button_label` and `button-label` are `button label`. */
function wordsOf(name: string): string[] {
  const apart = name.replace(/(?<=\p{Ll})(?=\p{Lu})/gu, ' ').replace(/(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu, ' ')
  return apart
    .toLowerCase()
    .split(/[^\p{L}\p{M}]+/u)
    .filter((word) => word !== '')
}

const setOf = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/))

const textWords = setOf(`
  title titles subtitle heading headings subheading headline subheadline header subheader subline kicker eyebrow tagline slogan
  claim text texts copy body content contents description descriptions desc summary excerpt abstract intro introduction
  lead lede paragraph paragraphs sentence sentences caption captions label labels question questions answer answers
  quote quotes quotation citation cite testimonial testimonials attribution note notes notice message messages hint hints tip
  tips info information disclaimer footnote footnotes alt thead tbody th td cell cells row rows item items entries
  line lines bullet bullets point points step steps feature features benefit benefits fact facts term definition
  reason reasons price amount stat stats figure number metric metrics percent percentage year years legend transcript credit copyright byline bio biography html markdown
  phone telephone tel fax zip postcode plz
  markup prose wysiwyg plaintext story faq faqs remark remarks instruction instructions ingredient ingredients
  überschrift ueberschrift titel untertitel frage fragen antwort antworten beschreibung inhalt zitat hinweis beschriftung
  titre soustitre texte contenu réponse reponse légende légendes título titulo subtítulo texto contenido pregunta respuesta
  descripción descripcion titolo testo contenuto domanda risposta descrizione tekst vraag antwoord inhoud`)

const internalWords = setOf(`
  id ids uid uuid guid key keys ref refs slug slugs handle identifier url urls uri href hrefs src srcset path paths permalink route host
  hostname domain origin endpoint class classes classname css style styles font fonts token tokens secret hash checksum
  signature nonce filename filenames mime mimetype mimetypes regex regexp selector query script scripts schema typename type types
  settings setting config configuration permission permissions marks bindings decorations breakpoint breakpoints
  blurhash lqip thumbhash base etag sku gtin ean isbn fieldtype linktype nodetype blockname slicelabel variation email emails mail`)

const privateWords = [
  'password',
  'passwd',
  'secret',
  'token',
  'apikey',
  'credential',
  'credentials',
  'email',
  'internal',
  'admin',
  'settings',
]

const settingWords = setOf(`
  kind link links anchor target rel color colors colour colours background bg align alignment justify justification
  orientation direction placement float variant variants variation size sizes width height depth level spacing
  margin padding gap radius border shadow opacity layout template theme skin mode effect animation transition easing
  duration delay icon icons image images img picture photo video audio file files thumbnail avatar logo media format
  formats extension encoding charset lang language languages locale locales country currency timezone zone date dates
  time datetime timestamp created updated published modified version revision status state stage visibility visible enabled
  disabled tag tags tagname element component widget plugin module model operator property event action method attribute
  pattern order sort index count limit offset category categories taxonomy tone severity shape fit ratio display
  appearance behavior behaviour preset unit collection region section`)

/** A number as pages show it, with a sign of its own: `98%`, `1,200+`, `4.9/5`, `24/7`, `10k`. */
const shownNumber = /^[<>~≈±+-]?\s?\d[\d.,' ]*\s?(?:%|\+|[kM]\+?|\/\s?\d+)$/

const units = '(?:px|r?em|v[hw]|vmin|vmax|fr|pt|ch|ms|deg|%)'
const urlLike =
  /^(?:[a-z][a-z0-9+.-]*:\/\/\S*|(?:mailto|tel|sms|data|javascript|blob|urn|geo|about):\S*|\/\/\S+|www\.\S+)$/i
const pathLike = /^(?:\.{0,2}\/[\w%~.@:+-][^\s]*|\.{0,2}\/|#[\w-]+|[\w-]+(?:\/[\w.-]+){2,}\/?)$/
const emailLike = /^(?:mailto:)?[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/i
const dateLike = /^\d{4}-\d\d(?:-\d\d(?:[T ]\d\d:?\d\d.*)?)?$/
const dateOfMachine = /^(?:mon|tue|wed|thu|fri|sat|sun),? (?:\d{1,2} [a-z]{3}|[a-z]{3} \d{1,2}) \d{4} \d\d:\d\d/i
const colorLike =
  /^(?:#(?:[0-9a-f]{3,4}){1,2}|(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color|var|calc|clamp|min|max|url|env|[a-z-]+-gradient|cubic-bezier)a?\(.*\))$/is
const uuidLike = /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i
const fileLike =
  /^[^\n\\/]{1,200}\.(?:jpe?g|png|gif|svg|webp|avif|heic|bmp|tiff?|ico|pdf|docx?|xlsx?|pptx?|zip|gz|mp[34]|m4[av]|mov|webm|og[gv]|wav|woff2?|ttf|csv|json|ya?ml)$/i
const cssLength = new RegExp(`^-?(?:\\d+|\\d*\\.\\d+)${units}[,;]?$`)
const cssRule = /^(?:--)?[a-z-]+\s*:\s*[^;:]+;(?:\s*(?:--)?[a-z-]+\s*:\s*[^;]+;?)*$/

/** What no person writes as text, whatever the field is called. */
function isMachineText(text: string): boolean {
  if (urlLike.test(text) || emailLike.test(text) || uuidLike.test(text) || fileLike.test(text)) return true
  if (pathLike.test(text) || colorLike.test(text) || dateLike.test(text) || dateOfMachine.test(text)) return true
  if (/^(?:true|false|null|undefined|NaN)$/.test(text) || /^\d{6,}$/.test(text)) return true
  return isToken(text) || isClassList(text) || isCss(text)
}

/** One word of many changes between letters, digits and cases: a key, a hash, base64. */
function isToken(text: string): boolean {
  if (text.length < 16 || !/^[\w+/=.-]+$/.test(text)) return false
  if (/^[0-9a-f]+$/i.test(text) && /\d/.test(text)) return true
  if (text.length >= 24 && /^[A-Za-z0-9+/]+={1,2}$/.test(text)) return true
  const changes = text.match(/[A-Za-z](?=\d)|\d(?=[A-Za-z])|[a-z](?=[A-Z])/g)?.length ?? 0
  return changes >= 4
}

/** `btn btn-primary`, `mt-4 px-2 md:flex`: most words have signs within, or one is another with an ending. */
function isClassList(text: string): boolean {
  const words = text.split(/\s+/)
  if (words.length < 2 || !words.every((word) => /^-?[a-z][a-z0-9:_/[\].%!-]*$/.test(word))) return false
  const marked = words.filter((word) => /[a-z0-9][-_:/][a-z0-9[-]/.test(word))
  if (marked.length * 2 > words.length && !words.some((word) => /[.!:]$/.test(word))) return true
  return marked.some((word) =>
    words.some((other) => word !== other && /^[-_]/.test(word.slice(other.length)) && word.startsWith(other)),
  )
}

function isCss(text: string): boolean {
  if (cssRule.test(text)) return true
  const words = text.split(/\s+/)
  return (
    words.length <= 8 &&
    words.some((word) => cssLength.test(word)) &&
    words.every((word) => /^[-a-z0-9#.,%/()+*;]+$/.test(word))
  )
}

/** Letters that no setting is written with: accents, and every script but Latin. */
function hasOtherLetters(text: string): boolean {
  return /(?![A-Za-z])\p{L}/u.test(text)
}

/** Whether a value under a name that says nothing is language. */
function isLanguage(text: string): boolean {
  if (hasOtherLetters(text)) return true
  if (/[€$£¥₹]\s?\d|\d\s?[€£¥₹]/.test(text)) return true // a price, as it is shown
  const letters = text.match(/[a-z]/gi)?.length ?? 0
  if (letters === 0 || letters * 2 < text.replace(/\s/g, '').length) return false
  if (/\s/.test(text)) return !isSetting(text)
  if (/^["'“„«(¿¡]?[A-Za-z][a-z'’-]*[)"'”»]?[.!?…]+[)"'”»]?$/.test(text)) return true
  // A word with a capital, as a heading has it: `Pricing`, `E-Mail-Marketing`. Not `HeroBanner`, `LARGE`, `center`.
  return /^(?:[A-Z][a-z'’]*)(?:[-&/][A-Za-z][a-z'’]*)*[:,]?$/.test(text) && text.length > 1 && !isSetting(text)
}

/** Whether a value that is to be a setting is a sentence all the same. */
function isSentence(text: string): boolean {
  if (isSetting(text)) return false
  if (/[.!?…。！？]$/.test(text) && /\s/.test(text)) return true
  const scripts = text.match(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}]/gu,
  )
  if ((scripts?.length ?? 0) >= 8) return true
  return text.split(/\s+/).filter((word) => /^["'“„«(]?\p{L}[\p{L}\p{M}'’-]*[,;:.!?)"'”»]*$/u.test(word)).length >= 3
}

/** Whether every word is one of those that layouts, colours, sizes and states are named with. */
function isSetting(text: string): boolean {
  return text
    .toLowerCase()
    .split(/[\s_/,-]+/)
    .every((word) => word === '' || settingValues.has(word) || /^(?:h[1-6]|[a-z]?\d+[a-z]*)$/.test(word))
}

const settingValues = setOf(`
  left right center centre centered middle top bottom start end between around evenly none auto default inherit initial primary secondary
  tertiary small medium large tiny huge xs sm md lg xl xxl full wide narrow half third quarter width height dark light inverted
  transparent black white red green blue yellow orange purple pink gray grey brown horizontal vertical row column columns grid
  card cards carousel slider accordion tabs solid outline outlined filled ghost button image video audio published draft public private
  enabled disabled active inactive hidden visible cover contain square circle rounded round normal bold italic regular fixed
  fluid responsive desktop mobile tablet internal external block inline asc desc ascending descending success warning
  danger error boxed stretch repeat true false on off above below before after sticky static relative absolute x y space`)
