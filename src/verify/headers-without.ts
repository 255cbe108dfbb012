/** The headers that hold none of the texts: proxies write the whole URL into headers of many names. */
export function headersWithout(
  headers: Readonly<Record<string, string>>,
  texts: readonly string[],
): Record<string, string> {
  const secret = texts.filter(Boolean)
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => !secret.some((text) => value.includes(text))))
}
