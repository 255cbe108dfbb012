/**
 * The headers that hold none of the texts: proxies write the whole URL into headers of many names, and some of them escape
 * other characters of it than the sender has.
 */
export function headersWithout(
  headers: Readonly<Record<string, string>>,
  texts: readonly string[],
): Record<string, string> {
  const secret = texts.filter(Boolean)
  const isOpen = (value: string) => !secret.some((text) => value.includes(text))
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => isOpen(value) && isOpen(unescaped(value))))
}

function unescaped(value: string): string {
  if (!value.includes('%')) return value
  return value.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    return Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8')
  })
}
