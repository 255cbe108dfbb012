/** The name that somebody may have meant: the one that takes the fewest changes of a letter, at most half of them. Null for none. */
export function nearestName(given: string, names: readonly string[]): string | null {
  const near = names
    .map((name) => ({ name, changes: changesBetween(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, changes }) => changes * 2 <= Math.max(given.length, name.length))
    .sort((a, b) => a.changes - b.changes)
  return near[0]?.name ?? null
}

/** How many letters have to be put in, taken out or replaced (Levenshtein). */
function changesBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1]
    for (let at = 1; at <= other.length; at++) {
      next.push(Math.min(row[at]! + 1, next[at - 1]! + 1, row[at - 1]! + (other[at - 1] === letter ? 0 : 1)))
    }
    row = next
  }
  return row[other.length]!
}
