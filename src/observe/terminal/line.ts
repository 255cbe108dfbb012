/** How a line looks: what went well, what is only to be known, what wants a look, what went wrong. */
export type Mark = 'good' | 'quiet' | 'warn' | 'error'
export type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** Something that has happened, in words. The layout makes one line of it, or a few at a narrow terminal. */
export interface Line {
  /** The least level at which it is shown. */
  readonly level: Level
  readonly mark: Mark
  /** The source or destination that it is about, or who says it. */
  readonly subject: string
  readonly topic?: string | null | undefined
  /** The event and its item. */
  readonly what?: string | undefined
  /** What became of it, in a few words. */
  readonly outcome: string
  /** The reason, however long. */
  readonly detail?: string | null | undefined
  /** What a person can do. */
  readonly cure?: string | undefined
  /** Of a bug: where it is. */
  readonly stack?: string | undefined
  /** What makes lines alike if their texts differ. */
  readonly like?: string
}

/** The name of an item: its id, with its type unless that begins the id. */
export function itemText({ type, id }: { readonly type: string; readonly id: string }): string {
  return id.startsWith(`${type}:`) ? id : `${type}:${id}`
}

export function countText(count: number, one: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : `${one}s`}`
}

/** A span of time as people say it: `40 ms`, `0.7 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function spanText(ms: number): string {
  if (ms < 100) return `${Math.max(Math.round(ms), 0)} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (seconds < 60) return `${seconds} s`
  if (minutes < 60) return joined(minutes, 'min', seconds % 60, 's')
  if (hours < 48) return joined(hours, 'h', minutes % 60, 'min')
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function joined(count: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${count} ${unit}` : `${count} ${unit} ${rest} ${restUnit}`
}
