import jsonata from 'jsonata'

/** A built-in function as JSONata holds it. */
export interface Builtin {
  readonly implementation: (this: unknown, ...values: unknown[]) => unknown
  readonly signature: Signature
}

export interface Signature {
  readonly definition: string
  /** Checks arguments, fills in the context if one is left out; throws a fault. */
  validate(values: unknown[], context: unknown): unknown[]
}

const names = [
  'sum',
  'count',
  'max',
  'min',
  'average',
  'string',
  'substring',
  'substringBefore',
  'substringAfter',
  'lowercase',
  'uppercase',
  'length',
  'trim',
  'pad',
  'match',
  'contains',
  'replace',
  'split',
  'join',
  'formatNumber',
  'formatBase',
  'formatInteger',
  'parseInteger',
  'number',
  'floor',
  'ceil',
  'round',
  'abs',
  'sqrt',
  'power',
  'random',
  'boolean',
  'not',
  'map',
  'zip',
  'filter',
  'single',
  'reduce',
  'sift',
  'keys',
  'lookup',
  'append',
  'exists',
  'spread',
  'merge',
  'reverse',
  'each',
  'error',
  'assert',
  'type',
  'sort',
  'shuffle',
  'distinct',
  'base64encode',
  'base64decode',
  'encodeUrlComponent',
  'encodeUrl',
  'decodeUrlComponent',
  'decodeUrl',
  'eval',
  'toMillis',
  'fromMillis',
  'clone',
  'now',
  'millis',
]

// JSONata exports none of its functions, but an expression can name them: this hands out the real ones.
const found: Builtin[] = await jsonata(`[${names.map((name) => `$${name}`).join(', ')}]`).evaluate(null)
// JSONata has them once for the process: an expression that got hold of one could change it for all others. The objects
// themselves stay open, since JSONata notes on them where a call stands.
for (const one of found) {
  for (const [name, part] of Object.entries(one)) {
    Object.freeze(part)
    Object.defineProperty(one, name, { writable: false, configurable: false })
  }
}
const builtins = new Map(names.map((name, at) => [name, found[at]!]))

/** JSONata's own function of that name. */
export function builtin(name: string): Builtin {
  const known = builtins.get(name)
  if (!known) throw new Error(`JSONata has no function $${name}`)
  return known
}

/** The names of all functions that JSONata has. */
export function builtinNames(): readonly string[] {
  return names
}

export function isBuiltin(name: string): boolean {
  return builtins.has(name)
}
