/**
 * What errors of one cause have in common, so that a thousand of them are one line for people: the first line, without
 * the ids of items, long numbers, hashes and UUIDs. A status, a code or a host stays.
 */
export function errorPatternOf(error: string): string {
  const end = error.indexOf('\n')
  return (end < 0 ? error : error.slice(0, end))
    .replace(/\b(item|id) '[^']*'/g, "$1 '…'")
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '…')
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b/gi, '…')
    .replace(/\d{4,}/g, '…')
}
