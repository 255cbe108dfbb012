/** One line of the relay, broken as a slip of the hand would break it. */
export interface Mutation {
  /** The number of the promise in the design that it breaks; 0: none of them, but a rule of the documentation. */
  readonly promise: number
  /** What it does to the relay. */
  readonly breaks: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** The test files of which one must fail. */
  readonly tests: readonly string[]
}

/** The text with the line broken. Throws if it does not have it, or has it twice. */
export function broken(text: string, { find, replace }: Pick<Mutation, 'find' | 'replace'>): string {
  const parts = text.split(find)
  if (parts.length === 1) throw new Error(`the text is not there: ${find}`)
  if (parts.length > 2) throw new Error(`the text is there ${parts.length - 1} times: ${find}`)
  return parts.join(replace)
}
