/** What the ingest API must hold of an item. `html` is the whole of it, but for white space around it; left out where there is none. */
export interface Held {
  readonly type: string
  readonly id: string
  readonly url: string
  readonly title: string
  readonly html?: string
  /** What else of it is looked at, in words: see `Cms.more`. */
  readonly more?: string
}

/** What a step can do to the relay, to see whether the sender gets over it. */
export interface Outage {
  /** Ends the relay at once, without a farewell. */
  kill(): Promise<void>
  restart(): Promise<void>
  /** So many of the next webhooks are answered this, and do not reach the relay. */
  refuse(times: number, status: number, headers?: Readonly<Record<string, string>>): void
}

/** One thing that an editor does, and what must come of it. */
export interface Step {
  readonly name: string
  act(relay: Outage): Promise<unknown>
  /** Each webhook that must arrive, in any order, as the event's topic and what became of it: `entry.update skipped`. */
  readonly webhooks: readonly string[]
  /** Everything that the ingest API must hold afterwards. Asked for after `act`, because ids are known only then. */
  held(): readonly Held[]
}

/** What a CMS is given: an empty folder below the one with its packages, and where and with which secret to send webhooks. */
export interface Place {
  readonly folder: string
  /** A free port on loopback. */
  readonly port: number
  readonly webhookUrl: string
  readonly secret: string
  /** The page of the documentation that is followed. */
  readonly page: Page
}

/** `docs/cms/<name>.md`, so far as it is to be copied by a reader. */
export interface Page {
  readonly path: string
  /** The code in fences of a language, in order; indentation is taken off. */
  code(language: string): readonly string[]
}

/** A CMS that is installed, run and used through its own API. */
export interface Cms {
  /** Puts its files, beside those that the package manager has installed, into the folder. */
  prepare?(): Promise<void>
  /** Resolves when its API answers. */
  start(): Promise<void>
  /** Points it at the relay as the page tells; left out where this is code, so `prepare` has done it. */
  connectWebhook?(): Promise<void>
  readonly steps: readonly Step[]
  stop(): Promise<void>
  /** A sender that tries again: whether it has nothing left to send. Its webhooks may come more than once. */
  hasSentAll?(): Promise<boolean>
  /** What of an item is looked at beside its text, in words. */
  more?(item: Readonly<Record<string, unknown>>): string
  /** Settings of the source beside those of the page's example, such as where this very CMS is. */
  readonly source?: Readonly<Partial<Record<'vars' | 'models' | 'fetch', Record<string, unknown>>>>
}

export type CreateCms = (place: Place) => Cms
