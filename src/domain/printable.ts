/**
 * What a terminal acts on or hides: control characters (C0, DEL, C1 with its 8-bit escape sequences), line separators, characters
 * that change the direction of text (https://trojansource.codes), invisible ones, halves of surrogate pairs, and more
 * marks on one letter than any script puts there.
 */
const unprintable =
  /[\p{Cc}\p{Cs}\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}]|\u034f|(?<=\p{M}{8})\p{M}/gu

/** A text as one line that a terminal shows and does not obey: `\n`, `\t`, `\u001b`. */
export function escapeText(text: string): string {
  return text.replace(unprintable, escaped)
}

/** As `escapeText`, but line breaks stay. */
export function escapeLines(text: string): string {
  return text.replace(unprintable, (char) => (char === '\n' ? char : escaped(char)))
}

/** JSON that means the same, with what a terminal acts on as escapes. Line breaks between its parts stay. */
export function escapeJson(json: string): string {
  return json.replace(unprintable, (char) => (char === '\n' ? char : unicodeEscape(char)))
}

function escaped(char: string): string {
  if (char === '\n') return '\\n'
  if (char === '\t') return '\\t'
  if (char === '\r') return '\\r'
  return unicodeEscape(char)
}

function unicodeEscape(char: string): string {
  return Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  )
}
