import { isObject } from './kind.ts'
/** One place in which two documents differ. A side that has nothing there is left out. */
export interface Difference {
  /** As in `json.price.amount` or `tags[2]`; empty for the whole document. */
  readonly path: string
  readonly before?: unknown
  readonly after?: unknown
}

/** Where two JSON documents differ. Objects are compared by their keys, lists by their places. */
export function jsonDiff(before: unknown, after: unknown, path = ''): readonly Difference[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const places = Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index)
    return places.flatMap((index) => memberDiff(before, after, index, `${path}[${index}]`))
  }
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...keys].flatMap((key) => memberDiff(before, after, key, path === '' ? key : `${path}.${key}`))
  }
  return Object.is(before, after) ? [] : [{ path, before, after }]
}

function memberDiff(before: object, after: object, key: string | number, path: string): readonly Difference[] {
  const [was, is] = [Object.hasOwn(before, key), Object.hasOwn(after, key)]
  const [old, now] = [Reflect.get(before, key), Reflect.get(after, key)]
  if (was && is) return jsonDiff(old, now, path)
  return [was ? { path, before: old } : { path, after: now }]
}
