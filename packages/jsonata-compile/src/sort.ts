import { faultOf } from './fault.ts'
import { isArrayOfNumbers } from './values.ts'

/** `$sort(list)`: numbers or texts, in their order. */
export function sort(values: unknown): unknown {
  if (!Array.isArray(values) || values.length <= 1) return values
  if (!isArrayOfNumbers(values) && !values.every((value) => typeof value === 'string')) {
    throw faultOf('D3070', undefined, { index: 1 })
  }
  return (values.slice() as (number | string)[]).sort((a, b) => (a > b ? 1 : a < b ? -1 : 0))
}

/** `$sort(list, comparator)`, a merge sort as JSONata's: of two equal values the first stays first. */
export function sortBy(values: readonly unknown[], isAfter: (left: unknown, right: unknown) => unknown): unknown[] {
  if (values.length <= 1) return [...values]
  const middle = Math.floor(values.length / 2)
  const left = sortBy(values.slice(0, middle), isAfter)
  const right = sortBy(values.slice(middle), isAfter)
  const sorted: unknown[] = []
  let l = 0
  let r = 0
  while (l < left.length && r < right.length) sorted.push(isAfter(left[l], right[r]) ? right[r++] : left[l++])
  while (l < left.length) sorted.push(left[l++])
  while (r < right.length) sorted.push(right[r++])
  return sorted
}
