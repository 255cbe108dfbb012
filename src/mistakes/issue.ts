/** One mistake in what a user wrote. */
export interface Issue {
  /** Which part of it, such as `destinations.main.token`. */
  readonly path: string
  /** What is wrong, and the cure. Holds no secret. */
  readonly message: string
  /** The file, as seen from where the relay was started. Left out if the mistake is in no file. */
  readonly file?: string
  /** From 1. */
  readonly line?: number
  /** From 1, in characters. */
  readonly column?: number
  /** The line itself, without the secrets in it, and how much of it is marked. For people. */
  readonly excerpt?: Excerpt
}

export interface Excerpt {
  readonly text: string
  /** From 0. */
  readonly start: number
  readonly length: number
}

/** A part of a text, by its characters. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A mistake as it is found, before anybody has looked where it stands. */
export interface Finding extends Issue {
  /** The key is wrong, not its value. */
  readonly isOfKey?: boolean
  /** Nothing stands there, and something has to. */
  readonly isMissing?: boolean
  /** The path that was meant, if it is a slip of one that is known. */
  readonly meant?: string
  /** The message to give if the value must not be shown; with it the other one shows the value itself. */
  readonly discreet?: string
  /** Text stands where a list or a map has to, or the other way round: what it holds is anybody's guess. */
  readonly isOfShape?: boolean
  /** The text in the file is wrong, before anything is filled in. */
  readonly isReference?: boolean
  /** Where in the value, in characters. */
  readonly offset?: number
}

/** What counts for machines: without what only people are shown. */
export function plainIssue({ path, message, file, line, column }: Issue): Issue {
  return {
    path,
    message,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line, column: column ?? 1 }),
  }
}

/** As one line that editors and CI read: `relay.yaml:12:14: sources.shop.mapper: …`. */
export function issueText({ path, message, file, line, column }: Issue): string {
  const place = file === undefined ? '' : line === undefined ? file : `${file}:${line}:${column ?? 1}`
  return [place, path, message].filter(Boolean).join(': ')
}

/** `1 mistake`, `2 mistakes`. */
export function countText(issues: readonly unknown[]): string {
  return issues.length === 1 ? '1 mistake' : `${issues.length} mistakes`
}

/** The path of a part as people write it: `records[0].url`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')
}

/** Whether one path is another, or a part of what that names. */
export function isWithin(path: string, outer: string): boolean {
  return path === outer || (path.startsWith(outer) && (outer === '' || '.['.includes(path.charAt(outer.length))))
}

/** Each mistake once: what follows from one that is told already says nothing more. Those found first stand. */
export function withoutEchoes(findings: readonly Finding[]): readonly Finding[] {
  const meant = new Set(findings.flatMap(({ meant: one }) => one ?? []))
  const told: Finding[] = []
  for (const one of findings) {
    if (one.isMissing && meant.has(one.path)) continue
    const isEcho = told.some(({ path, file }) => file === one.file && path !== '' && isWithin(one.path, path))
    if (!isEcho) told.push(one)
  }
  return told
}

/** By file and line; what is in no file comes first. */
export function inOrder<T extends Issue>(issues: readonly T[]): readonly T[] {
  return issues.toSorted((a, b) => {
    const byFile = (a.file ?? '') === (b.file ?? '') ? 0 : (a.file ?? '') < (b.file ?? '') ? -1 : 1
    return byFile || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
  })
}
