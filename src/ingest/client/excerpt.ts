const lookedAt = 8_192
const maxLength = 120

/**
 * What a page that is not an envelope says of itself, on one line and without anything that a terminal obeys: its title, else its
 * first words. Undefined if it says nothing.
 */
export function excerptOf(page: string): string | undefined {
  const start = page.slice(0, lookedAt)
  const title = /<title[^>]{0,200}>([^<]{1,500})/i.exec(start)?.[1]
  const words = title?.trim()
    ? title
    : start.replace(/<(script|style)\b[\s\S]*?(<\/\1>|$)|<!--[\s\S]*?(-->|$)|<[^>]*>?/gi, ' ')
  return readable(words) || undefined
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' }

function readable(text: string): string {
  return text
    .replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_match, name: string) => entities[name]!)
    .replace(/[\p{C}\p{Zl}\p{Zp}\uFFFD\s]+/gu, ' ')
    .trim()
    .slice(0, maxLength)
    .toWellFormed()
}
