import type { z } from 'zod'
import type { VarDefinition } from '../../mapping/definition/definition.ts'
import { type Definition, isModule, needsModels } from '../../mapping/library/bind.ts'
import { verifySchema } from '../../verify/verifier.ts'

/** What a source has to say if it uses a mapper, and what it may. */
export interface MapperNeeds {
  /** The scheme that the mapper presets; null if the source has to choose one. */
  readonly scheme: string | null
  /** The preset in words: `hmac in the header x-shopify-hmac-sha256`. */
  readonly verify: string
  /** Whether it takes a secret. */
  readonly secret: boolean
  /** Settings of the scheme that the preset leaves to the source, such as a public key. */
  readonly settings: readonly string[]
  readonly required: readonly NamedVar[]
  readonly optional: readonly NamedVar[]
  /** Whether only those models are sent that the source registers. */
  readonly models: boolean
  /** Whether the mapper asks the API of the CMS for what its webhooks leave out. */
  readonly fetch: boolean
}

export type NamedVar = VarDefinition & { readonly name: string }

export function needsOf(definition: Definition): MapperNeeds {
  const vars = Object.entries(definition.vars).map(([name, one]) => ({ name, ...one }))
  const preset = definition.verify
  const scheme = typeof preset?.['scheme'] === 'string' ? preset['scheme'] : null
  return {
    scheme,
    verify: preset === undefined || scheme === null ? 'yours to say' : wordsOf(scheme, preset),
    secret: !isSecretless(scheme, definition),
    settings: preset === undefined ? [] : missingIn(preset),
    required: vars.filter(({ required }) => required),
    optional: vars.filter(({ required }) => !required),
    models: needsModels(definition),
    fetch: !isModule(definition) && definition.records.some(({ fetch }) => fetch !== undefined),
  }
}

function isSecretless(scheme: string | null, definition: Definition): boolean {
  if (scheme === 'module' && isModule(definition)) return definition.verifier?.needsSecret === false
  return scheme === 'rsa' || scheme === 'jwt' || scheme === 'none'
}

function wordsOf(scheme: string, { header }: Readonly<Record<string, unknown>>): string {
  if (scheme === 'module') return 'by code of the mapper'
  const what = scheme === 'header' ? 'token' : scheme
  return header === undefined ? what : `${what} in the header ${[header].flat().join(' or ')}`
}

/** The settings without which the scheme can not be configured. */
function missingIn(preset: Readonly<Record<string, unknown>>): readonly string[] {
  const result = verifySchema.safeParse(preset)
  if (result.success) return []
  const isMissing = ({ path }: z.core.$ZodIssue) => path.length === 1 && !Object.hasOwn(preset, String(path[0]))
  return [...new Set(result.error.issues.filter(isMissing).map(({ path }) => String(path[0])))]
}
