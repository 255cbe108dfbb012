/**
 * The known name that was most likely meant: the one with the fewest slips (a letter too many, missing, wrong, or two swapped), whatever
 * its case; else one that begins with the name, or that the name begins with. Null if none is near.
 */
export function nearestName(name: string, known: Iterable<string>): string | null {
  if (name.length === 0 || name.length > maxLength) return null
  const typed = name.toLowerCase()
  let nearest: { readonly name: string; readonly slips: number } | null = null
  let byBeginning: string | null = null
  for (const candidate of known) {
    const lower = candidate.toLowerCase()
    const limit = slipsAllowed(Math.max(typed.length, lower.length))
    if (Math.abs(lower.length - typed.length) <= limit) {
      const slips = slipsBetween(typed, lower)
      // As many slips as letters is another word: `a` is not `b`.
      const isNear = slips <= limit && slips < Math.min(typed.length, lower.length)
      if (isNear && (nearest === null || slips < nearest.slips)) nearest = { name: candidate, slips }
    }
    if (beginsWith(typed, lower) || beginsWith(lower, typed)) byBeginning ??= candidate
  }
  return nearest?.name ?? byBeginning
}

/** Longer names are no slips of the keyboard, and comparing them costs. */
const maxLength = 100

/** One for every three letters, as compilers have it. */
function slipsAllowed(length: number): number {
  return Math.max(1, Math.floor(length / 3))
}

function beginsWith(long: string, short: string): boolean {
  return short.length >= 3 && long.startsWith(short)
}

/** Damerau and Levenshtein's distance, in which no letter is touched twice (optimal string alignment). */
function slipsBetween(left: string, right: string): number {
  let beforeLast: readonly number[] = []
  let last: readonly number[] = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1]
      let slips = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (isSame ? 0 : 1))
      const isSwapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (row > 1 && column > 1 && isSwapped) slips = Math.min(slips, beforeLast[column - 2]! + 1)
      current.push(slips)
    }
    beforeLast = last
    last = current
  }
  return last[right.length]!
}
