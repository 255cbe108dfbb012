// What must become of an item, told by a model that is simple enough to be believed: numbers for versions, letters for content.

/** Null: it is wanted away. */
export type Content = string | null

export interface Wish {
  readonly content: Content
  readonly title: number
  /** A revision; `moment`: when an operator removed it. */
  readonly version: number | 'moment' | null
  readonly source: string
  /** The event that it comes from, or last came from before an operator acted. */
  readonly event: number
  readonly place: number
  readonly asOf: number | null
  /** A tombstone without a version of its own. */
  readonly isBare: boolean
  readonly receivedAt: number
}

export interface ModelChange {
  readonly content: Content
  readonly title: number
  readonly version: number | null
  readonly source: string
  readonly seq: number
  readonly certain: boolean
  readonly unproven: boolean
  readonly askedAt: number | undefined
  readonly receivedAt: number
}

export type Outcome = 'delivered' | 'retry' | 'uncertain retry' | 'dead' | 'uncertain dead' | 'unsent'

export const debounce = { debounceMs: 5, maxWaitMs: 12 }

const never = { ms: 0, at: null }

/** One item: the wish of the CMS, what the destination has, and what is left to do. */
export class ModelItem {
  wish: Wish | null = null
  noted: Wish | null = null
  isHeld = false
  /** What the destination has; `nothing` was ever said of it, or nobody knows. */
  delivered: Content | 'nothing' | 'unknown' = 'nothing'
  mayExist = false
  isDead = false
  /** What the batch that holds it has, and whether another state waits for that batch. */
  batch: { readonly content: Content; readonly title: number; isChanged: boolean; isForced: boolean } | null = null
  since: number | null = null
  oldest: number | null = null
  nextSince: number | null = null
  nextOldest: number | null = null
  dueAt: number | null = null
  attempts = 0
  tried: { readonly ms: number; readonly at: number | null } = never
  deliveredAt: number | null = null
  /** Those that have spoken of it, if they are several. */
  readonly sources = new Set<string>()

  get status(): 'pending' | 'delivered' | 'dead' {
    if (this.batch) return 'pending'
    if (this.isDead) return 'dead'
    return this.differs ? 'pending' : 'delivered'
  }

  get differs(): boolean {
    const { content } = this.wish!
    return content !== this.delivered && !(content === null && !this.mayExist)
  }

  change(change: ModelChange, at: number): 'applied' | 'unchanged' | 'stale' | 'held' {
    const known = this.noted ?? this.wish
    const { source: owner = '' } = this.wish ?? {}
    if (owner !== '' && owner !== change.source) this.sources.add(owner).add(change.source)
    if (known && isOlder(known, change)) return 'stale'
    const { content, title, source, seq, receivedAt } = change
    const wish: Wish = {
      content,
      title,
      version: change.version ?? known?.version ?? null,
      source,
      event: seq,
      place: seq,
      asOf: change.askedAt ?? receivedAt,
      isBare: content === null && change.version === null,
      receivedAt,
    }
    if (this.isHeld) {
      this.noted = wish
      return 'held'
    }
    return this.want(wish, content === null && change.certain, debounce, at)
  }

  remove(hold: boolean, lastSeq: number, at: number): void {
    const version = (this.noted ?? this.wish)?.version
    const given = typeof version === 'number' ? version : 'moment'
    const wish = { content: null, title: 0, version: given, source: this.wish?.source ?? '', event: this.wish?.event ?? lastSeq, place: lastSeq + 0.5, asOf: at, isBare: true, receivedAt: at } as const // biome-ignore format: one idea
    this.want(wish, true, { debounceMs: 0, maxWaitMs: 0 }, at)
    this.noted = null
    this.isHeld ||= hold
  }

  endHold(at: number): void {
    const { noted } = this
    this.isHeld = false
    this.noted = null
    if (noted) this.want(noted, noted.content === null, { debounceMs: 0, maxWaitMs: 0 }, at)
  }

  forgetVersion(): void {
    const nothing = { version: null, isBare: false, place: 0, asOf: null }
    this.wish = { ...this.wish!, ...nothing }
    this.noted &&= { ...this.noted, ...nothing }
  }

  claim(): void {
    const { content, title } = this.wish!
    this.batch = { content, title, isChanged: false, isForced: false }
    this.mayExist = true
  }

  redeliver(at: number): void {
    if (this.batch) {
      Object.assign(this.batch, { isChanged: true, isForced: true })
      this.nextSince ??= at
      this.nextOldest ??= at
    } else {
      if (this.delivered !== 'nothing') this.delivered = 'unknown'
      this.isDead = false
      this.since ??= at
      this.oldest ??= at
    }
    this.attempts = 0
    if (!this.batch) this.tried = never
    this.dueAt = at
  }

  settle(outcome: Outcome, at: number): void {
    const { content, isChanged, isForced } = this.batch!
    this.batch = null
    if (isForced || outcome.startsWith('uncertain')) this.delivered = 'unknown'
    else if (outcome === 'delivered') this.delivered = content
    const isOver = outcome === 'delivered' || outcome.endsWith('dead')
    if (isChanged && this.differs && isOver) {
      this.since = this.nextSince ?? at
      this.oldest = this.nextOldest ?? at
    }
    if (outcome === 'delivered') this.deliveredAt = at
    if (isChanged || isOver) this.tried = never
    else if (outcome === 'retry') this.tried = { ms: at, at }
    else if (outcome === 'uncertain retry') this.tried = { ms: this.tried.ms, at: null }
    if (isChanged) this.attempts = 0
    else if (outcome !== 'delivered' && outcome !== 'unsent') this.attempts += 1
    if (!isChanged && outcome.endsWith('dead')) this.isDead = true
    if (!isChanged && outcome.endsWith('retry')) this.dueAt = at + 3
    this.nextSince = null
    this.nextOldest = null
    this.rest()
  }

  private want(wish: Wish, isRemoval: boolean, { debounceMs, maxWaitMs }: typeof debounce, at: number) {
    const before = this.wish && this.status
    const isSame = this.wish?.content === wish.content
    const { source = '' } = this.wish ?? {}
    this.wish = wish
    this.mayExist ||= isRemoval
    if (isSame && (before === 'pending' || (before === 'delivered' && !this.differs))) {
      this.wish = { ...wish, source } // its state is still that of the source which has brought it
      return 'unchanged'
    }
    this.isDead = false
    this.attempts = 0
    this.tried = never
    let since: number
    if (this.batch) {
      this.batch.isChanged = true
      since = this.nextSince ??= at
      this.nextOldest = Math.min(this.nextOldest ?? wish.receivedAt, wish.receivedAt)
    } else {
      since = this.since ??= at
      this.oldest = Math.min(this.oldest ?? wish.receivedAt, wish.receivedAt)
    }
    this.dueAt = wish.content === null ? at : Math.max(at, Math.min(at + debounceMs, since + maxWaitMs))
    this.rest()
    const isCancelled = before === 'pending' && wish.content === null
    return this.status === 'pending' || isCancelled ? 'applied' : 'unchanged'
  }

  /** Nothing is to be done, so nothing waits. */
  private rest(): void {
    if (this.status === 'pending') return
    this.since = null
    this.oldest = null
    this.dueAt = null
    if (this.status === 'delivered') this.attempts = 0
  }
}

function isOlder(known: Wish, { content, version, seq, unproven, askedAt }: ModelChange): boolean {
  const isRevival = known.isBare && content !== null
  if (isRevival && seq < known.place) return true
  if (typeof version === 'number' && typeof known.version === 'number') {
    if (version !== known.version) return version < known.version
    if ((isRevival || unproven) && seq !== known.place) return true
  }
  if (version === null && askedAt !== undefined && known.asOf !== null && askedAt !== known.asOf)
    return askedAt < known.asOf
  return seq < known.place
}
