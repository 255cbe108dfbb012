const secretWord =
  /secret|token|passw|pwd|passphrase|auth|credential|cookie|signature|private|public_key|(^|[_.-])(api_?)?keys?$|pem|cert/i

/** Whether what stands there is a secret, or may be: by the name of any key on the way. */
export function mayBeSecret(path: string): boolean {
  const keys = path.split(/[.[\]]+/)
  if (keys.some((key) => secretWord.test(key) && !plainKeys.has(key))) return true
  return /^signals\[\d+\]\.url$/.test(path) || /^sources\..+\.fetch\.(query|headers)\b/.test(path)
}

/** Named like secrets, and none. */
const plainKeys = new Set(['authorize', 'author'])

/** A line that no parser has understood, less what may be a secret in it. */
export function withoutSecrets(line: string): string {
  return line
    .replace(/(:\/\/)[^/@\s]*@/g, '$1***@')
    .replace(/(:\/\/[^\s"']*\?)[^\s"']+/g, '$1***')
    .replace(
      /(["']?([\w.-]+)["']?\s*[:=]\s*)("[^"]*"?|'[^']*'?|[^\s,}\]#][^,}\]#]*)/g,
      (all, head: string, key: string, value: string) =>
        secretWord.test(key) && !/^["']?\$\{/.test(value) && !/^[[{|>]/.test(value) ? `${head}***` : all,
    )
}
