import type { z } from 'zod'
import type { OwnVerifier } from '../../domain/own-verifier.ts'
import type { Answer, DraftFields, Ping, Webhook } from '../shapes.ts'
import type { BodyDefinition } from './body.ts'
import type { Retries, VarDefinition } from './definition.ts'
import type { Setup } from './setup.ts'

/** What a module's functions are told besides the body. */
export interface MapContext {
  /** With no more headers, query and path than the proof covers: `event` reads the others. */
  readonly webhook: Webhook
  readonly topic: string | null
  readonly vars: Readonly<Record<string, unknown>>
}

/** An item that is to be, or not to be, at the destination. */
export type Wanted =
  | { readonly kind: 'upsert'; readonly fields: DraftFields; readonly version: unknown }
  | {
      readonly kind: 'delete'
      readonly type: string
      readonly id: string
      readonly version: unknown
      readonly certain: boolean
      readonly shown: boolean
    }

/** An item's fields but its id. What is undefined is left out. */
export type ItemInput = { readonly [Name in keyof Omit<DraftFields, 'id'>]: DraftFields[Name] | undefined } & {
  readonly type: string
  readonly url: string
  readonly version?: string | number | null | undefined
}

/** The item `id` as it should be. */
export function item(id: string, { version = null, ...fields }: ItemInput): Wanted {
  return { kind: 'upsert', fields: { ...fields, id } as DraftFields, version }
}

/** Text of which every part is there: a tag for template literals that make ids and urls. Throws if a part is missing. */
export function whole(texts: TemplateStringsArray, ...parts: readonly unknown[]): string {
  const text = parts.reduce<string>((made, part, index) => {
    const isText = typeof part === 'number' ? Number.isFinite(part) : typeof part === 'string' && part.trim() !== ''
    if (!isText) throw new Error(`the part behind '${made}' is ${missing(part)}`)
    return made + part + texts[index + 1]
  }, texts[0] ?? '')
  return text
}

function missing(part: unknown): string {
  if (typeof part === 'string') return 'empty text'
  return typeof part === 'object' && part !== null ? 'an object, not text' : String(part)
}

export interface TombstoneInput {
  readonly type: string
  readonly version?: string | number | null
  /** False if the record is only not public, so that a tombstone is due only if it was once sent. */
  readonly certain?: boolean
  /** True if the body itself shows that the record is gone, so that it is believed whatever the headers say. */
  readonly shown?: boolean
}

/** The item `id` as gone. */
export function tombstone(id: string, { type, version = null, certain = true, shown = false }: TombstoneInput): Wanted {
  return { kind: 'delete', type, id, version, certain, shown }
}

/** A mapper written as a module: data and a pure function, so that replay, backfill and dry run can rely on it. */
export interface MapperModule<Input = unknown> {
  readonly name: string
  readonly title?: string
  readonly description?: string
  /** Takes the place of the built-in mapper of the same name. */
  readonly replace?: boolean
  /** Whether the CMS sends a webhook again that was refused. */
  readonly retries?: Retries | undefined
  /** What a person does in the CMS until its webhooks come. */
  readonly setup?: Setup | undefined
  /** How its webhooks are verified, without the secret: the settings of a scheme, or a function. A source may say otherwise. */
  readonly verify?: Readonly<Record<string, unknown>> | OwnVerifier
  readonly vars?: Readonly<Record<string, Partial<VarDefinition>>>
  /** Names of the headers that its functions read. Besides the usual ones, no others are kept, nor shown to them. */
  readonly headers?: readonly string[]
  readonly event?: {
    id?(webhook: Webhook): string | number | null | undefined
    topic?(webhook: Webhook): string | null | undefined
  }
  /** How the body is packed, if it is not plain JSON, form fields or text. */
  readonly body?: Partial<BodyDefinition> | undefined
  /** How a webhook is answered that has been kept; left out, with the relay's own 202. */
  readonly accepted?: Answer | undefined
  /** The answer to a ping, test or handshake; null if the webhook is an event. */
  ping?(webhook: Webhook): Ping | null
  /** Whether `ping` may answer without a valid signature. */
  readonly hasUnsignedPings?: boolean
  /** What the body has to look like. A body of another shape makes the event fail. */
  readonly input: z.ZodType<Input>
  /** The items that the webhook is about; an empty list skips it. Without I/O, clock and randomness, and synchronous. */
  map(input: Input, context: MapContext): readonly Wanted[]
}

/** A module as it was loaded. */
export interface ModuleDefinition extends MapperModule {
  /** `{ scheme: module }` if a function verifies. */
  readonly verify?: Readonly<Record<string, unknown>>
  readonly verifier?: OwnVerifier | undefined
  readonly title: string
  /** Lower-case. */
  readonly headers: readonly string[]
  readonly body?: BodyDefinition | undefined
  readonly vars: Readonly<Record<string, VarDefinition>>
  readonly replace: boolean
  /** Changes when the module's file does. */
  readonly fingerprint: string
}

/** Says what a mapper module is, with the types of its input. */
export function defineMapper<Input>(module: MapperModule<Input>): MapperModule<Input> {
  return module
}
