/** Names with their values, one a line; those without a value are left out. */
export function facts(
  pairs: readonly (readonly [name: string, value: string | null | undefined])[],
): readonly string[] {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '')
  const widest = Math.max(0, ...known.map(([name]) => name.length))
  return known.map(([name, value]) => `  ${name.padEnd(widest)}  ${value}`)
}

/** Lines below a heading, behind an empty line; nothing if there are none. */
export function section(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length > 0 ? ['', heading, ...lines] : []
}
