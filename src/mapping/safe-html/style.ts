/**
 * The declarations of a style that say nothing but looks, in their place: as it is where all of them do, and undefined
 * where none does. What loads, computes or hides in escapes goes, and what lays an element over the page.
 */
export function safeStyle(style: string): string | undefined {
  if (style.length <= longest && usual.test(style)) return style
  const stripped = style.includes('/*') ? style.replace(/\/\*[\s\S]*?(?:\*\/|$)/g, ' ') : style
  // A `;` within quotes parts them: neither half is a declaration then, whatever a browser makes of them.
  const pieces = stripped.split(';')
  let kept = pieces.filter((piece) => piece.trim() === '' || isSafeDeclaration(piece))
  if (kept.some((piece) => /^\s*position\s*:\s*relative\b/i.test(piece)))
    kept = kept.filter((piece) => !isOffset.test(piece))
  if (kept.length === pieces.length && stripped === style) return style
  const written = kept.map((piece) => piece.trim()).filter((piece) => piece !== '')
  return written.length === 0 ? undefined : written.join('; ')
}

/** How long a declaration may be: patterns take their time in proportion to more than the length. */
const longest = 1000

/** What most styles say: properties of which no value without a function can do harm. The rest only takes longer. */
const usual =
  /^(?:\s*(?:(?:background-)?color|(?:text|vertical)-align|font-(?:style|weight|family)|(?:max-|min-)?(?:width|height)|display|float|clear)\s*:[\w\s.,#%-]*(?:;|$))*\s*$/

/** A property and a value in plain characters: no escape, no address, and every string ends. No `--custom` property. */
const declaration = /^\s*(-?[a-z][a-z-]*)\s*:((?:[\w\s.,#%()!+*/-]|"[\w\s:.,#%()!'+*/-]*"|'[\w\s:.,#%()!"+*/-]*')*)$/i
const active = /url|expression|image|src|behaviou?r|binding|javascript|import|attr/i

function isSafeDeclaration(piece: string): boolean {
  if (piece.length > longest) return false
  const [, name, value] = declaration.exec(piece) ?? []
  if (name === undefined || value === undefined || active.test(piece) || !isBalanced(value)) return false
  const property = name.toLowerCase().replace(/^-(?:webkit|moz|ms|o)-/, '')
  if (property === 'position') return /^\s*(?:static|relative|initial|unset)\s*(?:!\s*important\s*)?$/i.test(value)
  return !displacing.test(property) && (!reaching.test(property) || !isFar(property, value))
}

/** Properties that take an element out of its place. */
const displacing = /^(?:all|position|transform|translate|scale|rotate|zoom|offset)(?:$|-)/

/** What moves an element that is positioned `relative`, and nothing without it. */
const isOffset = /^\s*(?:top|right|bottom|left|inset)(?:-[a-z-]+)?\s*:/i

/** Properties that can draw or take clicks beyond the place that the page has for the element. */
const reaching =
  /^(?:top|right|bottom|left|inset|margin|padding|text|letter-spacing|word-spacing|box-shadow|box-reflect|outline|font(?:-size)?$|(?:backdrop-)?filter|border(?!.*-radius|-spacing|-collapse))/

/** How far, in pixels, these may go: back over what stands before, and out in all. */
const backwards = 100
const outwards = 400

/** What a unit is in pixels, about. Of any other it is taken to be a tenth of a large screen. */
const pixels: Readonly<Record<string, number>> = {
  px: 1,
  pt: 1.34,
  pc: 16,
  in: 96,
  cm: 38,
  mm: 3.8,
  q: 1,
  em: 16,
  rem: 16,
  ex: 8,
  ch: 8,
  lh: 20,
  rlh: 20,
  '%': 2,
  vw: 10,
  vh: 10,
  vmin: 10,
  vmax: 15,
  deg: 0,
  s: 0,
  ms: 0,
}
const otherUnit = 100

const colour = /#[0-9a-f]+|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\([^()]*\)/gi
const knownFunction =
  /^(?:calc|min|max|clamp|var|drop-shadow|blur|brightness|contrast|grayscale|invert|opacity|saturate|sepia)$/i

/** Whether a length is beyond the bounds, or might be, since it is computed by more than sums. */
function isFar(property: string, value: string): boolean {
  if (!/[\d(]/.test(value)) return false
  const lengths = boundsOf(value.replace(/"[^"]*"|'[^']*'|--[\w-]+/g, ' ').replace(colour, ' '))
  const functions = [...lengths.matchAll(/([\w-]*)\(/g)].map(([, name = '']) => name).filter((name) => name !== '')
  if (!functions.every((name) => knownFunction.test(name))) return true
  if (lengths.includes('(') && /[*/]/.test(lengths)) return true
  let back = 0
  let out = 0
  for (const [, sign, number, unit = ''] of lengths.matchAll(
    /(?<![\w.])(-?)\s*((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z]+|%)?/gi,
  )) {
    // In `font`, numbers alone are weights and heights of lines; elsewhere some pages take them for pixels.
    const scale = unit === '' ? Number(property !== 'font') : (pixels[unit.toLowerCase()] ?? otherUnit)
    const length = Number(number) * scale
    if (sign === '-') back += length
    else out += length
  }
  return back > backwards || (out > outwards && !property.startsWith('margin'))
}

/** Of `clamp(least, computed, most)`, which font sizes often are, the two between which it lies. */
function boundsOf(value: string): string {
  const [, least, computed, most] = /^\s*clamp\(([^,()]+),(.*),([^,()]+)\)\s*$/i.exec(value) ?? []
  return computed !== undefined && isBalanced(computed) ? `${least} ${most}` : value
}

function isBalanced(value: string): boolean {
  let depth = 0
  for (const character of value.replace(/"[^"]*"|'[^']*'/g, '')) {
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth < 0) return false
  }
  return depth === 0
}
