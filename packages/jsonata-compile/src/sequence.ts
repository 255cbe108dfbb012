/**
 * JSONata's sequence: an array of ours that a consumer unwraps when it holds one value. `keepSingleton` stops that,
 * `outerWrapper` marks the one around an array that is the context, `cons` an array that a path must not flatten.
 */
export interface Sequence extends Array<unknown> {
  sequence?: true
  keepSingleton?: true
  outerWrapper?: true
  readonly cons?: true
}

/** No sequence may become longer. */
export const maxSequence = 1_000_000

/** Makes a fresh array a sequence. */
export function sequenceOf(values: unknown[] = []): Sequence {
  const sequence = values as Sequence
  sequence.sequence = true
  return sequence
}

export function isSequence(value: unknown): value is Sequence {
  return Array.isArray(value) && (value as Sequence).sequence === true
}

/** Marks an array as built by an array constructor in a path. Not visible to the receiver of the array. */
export function markCons(array: unknown[]): unknown[] {
  return Object.defineProperty(array, 'cons', { value: true, enumerable: false })
}

export function isCons(array: unknown[]): boolean {
  return (array as Sequence).cons === true
}

/** What an expression's consumer sees of a sequence: nothing, its one value, or itself. */
export function unwrap(value: unknown): unknown {
  if (!isSequence(value)) return value
  if (value.length === 0) return undefined
  return value.length === 1 && !value.keepSingleton ? value[0] : value
}

/** As `unwrap`, if `[]` asks for an array even of one value. */
export function keep(value: unknown): unknown {
  if (isSequence(value)) value.keepSingleton = true
  return unwrap(value)
}

/** The value without a sequence's marks at the top. */
export function plain(value: unknown): unknown {
  return isSequence(value) ? value.slice() : value
}

/** The value without marks at any depth, and with ordinary objects; copies only what has to change. */
export function plainDeep(value: unknown): unknown {
  if (Array.isArray(value)) {
    let copy: unknown[] | null = isMarked(value) ? value.slice() : null
    for (let at = 0; at < value.length; at++) {
      const entry = plainDeep(value[at])
      if (entry !== value[at]) {
        copy ??= value.slice()
        copy[at] = entry
      }
    }
    return copy ?? value
  }
  if (typeof value !== 'object' || value === null) return value
  const record = value as Record<string, unknown>
  let copy: Record<string, unknown> | null = Object.getPrototypeOf(value) === null ? copyOf(record) : null
  for (const key of Object.keys(record)) {
    const entry = plainDeep(record[key])
    if (entry === record[key]) continue
    copy ??= copyOf(record)
    setOwn(copy, key, entry)
  }
  return copy ?? value
}

function isMarked({ sequence, keepSingleton, cons }: Sequence): boolean {
  return sequence === true || keepSingleton === true || cons === true
}

function copyOf(record: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(record)) setOwn(copy, key, record[key])
  return copy
}

/** Sets an own property, also if the name is `__proto__`. */
export function setOwn(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(record, key, { value, enumerable: true, writable: true, configurable: true })
  } else record[key] = value
}
