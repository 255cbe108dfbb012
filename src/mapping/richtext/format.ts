/** How rich text of one format becomes HTML. */
export interface Format {
  /** What a value of this format looks like, for messages. */
  readonly shape: string
  /** Whether a value, which is neither nothing nor empty, has that shape. */
  accepts(value: unknown): boolean
  /** HTML of a value that has been accepted and is not too deep. What it throws makes the value come out as its text. */
  render(value: unknown, context: Context): string
  /** Whether a library renders, which may throw at a tree that it does not expect. */
  readonly mayThrow?: boolean
  /** Whether it holds HTML that its author wrote, which the source's `html` setting judges. */
  readonly isAuthored?: boolean
}

/** What a renderer is told about the place where the HTML goes. */
export interface Context {
  /** A url that may be linked: of a known scheme, absolute if a base is given. Undefined for everything else. */
  url(value: unknown): string | undefined
  /** The same of an image or another file, whose relative urls may start elsewhere. */
  file(value: unknown): string | undefined
  /** Of WordPress: the shortcodes whose content may leave, and whether the HTML has been rendered. */
  readonly options?: { readonly shortcodes?: readonly string[] | undefined; readonly rendered?: boolean | undefined }
}

export type Node = Readonly<Record<string, unknown>>

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member of a node as a node; an empty one if it is none. */
export function nodeAt(node: Node, key: string): Node {
  const member = Object.hasOwn(node, key) ? node[key] : undefined
  return isNode(member) ? member : {}
}

/** A member of a node as a list; an empty one if it is none. */
export function listAt(node: Node, key: string): readonly unknown[] {
  const member = Object.hasOwn(node, key) ? node[key] : undefined
  return Array.isArray(member) ? member : []
}

/** A member of a node as text; undefined if it is none. */
export function textAt(node: Node, key: string): string | undefined {
  const member = Object.hasOwn(node, key) ? node[key] : undefined
  return typeof member === 'string' && member !== '' ? member : undefined
}
