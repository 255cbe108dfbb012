import { widthOf, wrapText } from '../../observe/terminal/text-width.ts'

/** The least room for a text: a terminal that is narrower wraps by itself. */
const leastRoom = 20
const mostLines = 20

/**
 * A text behind its head, in as many lines as the terminal asks for: broken between words, and indented to where the text began. One line
 * where standard output is no terminal.
 */
export function hanging(head: string, text: string, width = process.stdout.columns as number | undefined): string[] {
  const room = width === undefined ? Number.POSITIVE_INFINITY : width - widthOf(head)
  if (room < leastRoom) return [head + text]
  const indent = ' '.repeat(widthOf(head))
  return wrapText(text, room, mostLines).map((line, index) => (index === 0 ? head : indent) + line)
}
