/**
 * Text as UTF-8 can have it: a lone surrogate becomes U+FFFD, and U+0000, which databases refuse, is dropped. What is sent
 * is then what its checksum was made of, for anybody who makes it again.
 */
export function wellFormed(text: string): string {
  const whole = text.includes('\0') ? text.replaceAll('\0', '') : text
  return whole.toWellFormed()
}
