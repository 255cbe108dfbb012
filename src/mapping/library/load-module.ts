import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { messageOf } from '../../domain/errors.ts'
import type { OwnVerifier } from '../../domain/own-verifier.ts'
import { isObject } from '../../json/kind.ts'
import type { Finding } from '../../mistakes/issue.ts'
import { findingsOf, plainWords } from '../../mistakes/schema-mistakes.ts'
import { shownFile } from '../../mistakes/yaml-file.ts'
import { bodySchema } from '../definition/body.ts'
import type { MapperModule, ModuleDefinition } from '../definition/define-mapper.ts'
import { answerStatus, answerType, mapperName, retriesSchema, varsSchema } from '../definition/definition.ts'
import { setupSchema } from '../definition/setup.ts'
import * as kit from '../kit.ts'
import { isSecretHeader } from '../webhook/kept-headers.ts'

const isFunction = z.custom((value) => typeof value === 'function', { error: 'must be a function' })

const anyHeaderName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'must be the name of a header, such as x-topic' })
  .toLowerCase()
const headerName = anyHeaderName.refine((name) => !isSecretHeader(name), {
  error: 'is never kept: by its name it holds a secret or a proof, which `verify` reads',
})

const coverage = z.strictObject({
  headers: z.array(anyHeaderName).optional(),
  url: z.boolean().optional(),
  time: z.boolean().optional(),
})

/** A function that verifies, with what it reads and what its proof covers. */
const verifierSchema = z
  .strictObject({
    headers: z.array(anyHeaderName),
    covers: z.union([z.literal('everything'), coverage], {
      error: "must be 'everything', or say what is signed besides the body: { headers, url, time }",
    }),
    needsSecret: z.boolean().optional(),
    check: isFunction,
  })
  .refine(
    ({ headers, covers }) => covers === 'everything' || (covers.headers ?? []).every((name) => headers.includes(name)),
    {
      path: ['covers', 'headers'],
      error: 'has a header that is not among the headers that it reads',
    },
  )

const isVerifier = (verify: unknown) => isObject(verify) && 'check' in verify

const moduleSchema = z.strictObject({
  name: mapperName,
  title: z.string().min(1).optional(),
  description: z.string().optional(),
  replace: z.boolean().default(false),
  retries: retriesSchema.optional(),
  setup: setupSchema.optional(),
  verify: z.record(z.string(), z.unknown()).optional(), // the settings of a scheme, or what `verifierSchema` says
  vars: varsSchema.default({}),
  headers: z.array(headerName).default([]),
  event: z.strictObject({ id: isFunction.optional(), topic: isFunction.optional() }).optional(),
  body: bodySchema.optional(),
  accepted: z.strictObject({ status: answerStatus, contentType: answerType, body: z.json().optional() }).optional(),
  ping: isFunction.optional(),
  hasUnsignedPings: z.boolean().optional(),
  input: z.custom((value) => typeof (value as z.ZodType | null)?.safeParse === 'function', {
    error: 'must be a zod schema',
  }),
  map: isFunction,
})

const kitUrl = new URL('../kit.ts', import.meta.url).href
let isKitOffered = false

/**
 * Lets modules import `cms-relay/mapper` wherever they lie: it is always the relay's own that loads them. And whatever
 * the package.json above says, or leaves out: a mapper in TypeScript exports, so it is an ES module.
 */
function offerKit(): void {
  if (isKitOffered) return
  isKitOffered = true
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'cms-relay/mapper') return { url: kitUrl, shortCircuit: true }
      const found = next(specifier, context)
      return /\.ts($|\?)/.test(found.url) ? { ...found, format: 'module-typescript' } : found
    },
  })
}

const firstTexts = new Map<string, string>()

/** Node reads a module once. With other text than at first it has another url, by which it is read again. */
function urlOf(path: string, text: string): string {
  const url = pathToFileURL(path)
  const first = firstTexts.get(path) ?? text
  firstTexts.set(path, first)
  if (text !== first) url.search = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return url.href
}

function schemaOf(exported: unknown) {
  const isByCode = isObject(exported) && isVerifier(exported['verify'])
  return isByCode ? moduleSchema.extend({ verify: verifierSchema }) : moduleSchema
}

/** How it verifies, in the words of configurations, and the function if there is one. */
function verifyOf(verify: unknown): Pick<ModuleDefinition, 'verify' | 'verifier'> {
  if (!isVerifier(verify)) return verify === undefined ? {} : { verify: verify as Readonly<Record<string, unknown>> }
  return { verify: { scheme: 'module' }, verifier: verify as OwnVerifier }
}

/** The mapper that a module exports by default, or that the function it exports makes of the kit. Null with issues. */
export async function loadModule(path: string, findings: Finding[]): Promise<ModuleDefinition | null> {
  const file = shownFile(path)
  let exported: unknown
  offerKit()
  try {
    const text = readFileSync(path, 'utf8')
    const loaded = (await import(/* @vite-ignore */ urlOf(path, text))) as { default?: unknown }
    exported = typeof loaded.default === 'function' ? loaded.default(kit) : loaded.default
  } catch (error) {
    findings.push({ path: '', message: `cannot be loaded: ${messageOf(error)}`, file })
    return null
  }
  const result = schemaOf(exported).safeParse(exported, { error: plainWords })
  if (!result.success) {
    if (exported === undefined)
      findings.push({ path: '', message: 'has no default export: export default defineMapper({…})', file })
    else findings.push(...findingsOf(result.error).map((one) => ({ ...one, file })))
    return null
  }
  const { vars, replace, headers, body, accepted, verify: verified } = result.data
  const { verify: _verify, ...module } = exported as MapperModule
  const checked = { vars, replace, headers, body, accepted, ...verifyOf(verified) }
  return { ...module, ...checked, title: module.title ?? module.name, fingerprint: readFileSync(path, 'utf8') }
}
