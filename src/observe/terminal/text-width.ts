/** Two columns at a terminal: East Asian wide and fullwidth characters, and pictures. */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}|^\p{Extended_Pictographic}\ufe0f/u
const segmenter = new Intl.Segmenter()
const plain = /^[\x20-\x7e…→✓✗·–]*$/

/** How many columns of a terminal a text fills. */
export function widthOf(text: string): number {
  if (plain.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += widthOfSegment(segment)
  return width
}

function widthOfSegment(segment: string): number {
  return wide.test(segment) ? 2 : 1
}

/** The text if it fits, else its beginning and its end around `…`: both ends of an id tell something. */
export function cutText(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  const tail = tailOf(text, Math.floor((width - 1) / 3))
  return `${headOf(text, width - 1 - widthOf(tail))}…${tail}`
}

/** The text if it fits, else its beginning and `…`. */
export function cutEnd(text: string, width: number): string {
  return widthOf(text) <= width ? text : `${headOf(text, width - 1).trimEnd()}…`
}

/** Filled up with spaces. */
export function padText(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** Lines of at most `width` columns, broken between words where that can be; at most `most` of them, the last one cut. */
export function wrapText(text: string, width: number, most: number): readonly string[] {
  const lines: string[] = []
  let rest = text.trim()
  while (rest !== '' && lines.length < most) {
    if (lines.length === most - 1) {
      lines.push(cutEnd(rest, width))
      break
    }
    const head = headOf(rest, width)
    const isWhole = head.length === rest.length || rest[head.length] === ' '
    const space = isWhole ? -1 : head.lastIndexOf(' ')
    const line = space > 0 ? head.slice(0, space) : head
    lines.push(line.trimEnd())
    rest = rest.slice(line.length).trimStart()
  }
  return lines
}

/** As much of the beginning as so many columns hold. */
export function headOf(text: string, width: number): string {
  let head = ''
  let room = width
  for (const { segment } of segmenter.segment(text)) {
    room -= widthOfSegment(segment)
    if (room < 0) break
    head += segment
  }
  return head
}

function tailOf(text: string, width: number): string {
  let tail = ''
  let room = width
  for (const { segment } of [...segmenter.segment(text)].reverse()) {
    room -= widthOfSegment(segment)
    if (room < 0) break
    tail = segment + tail
  }
  return tail
}
