// `cms-relay/mapper`: what a mapper that is a module can import, and what one that exports a function is given.

export { z } from 'zod'
export type { CheckedRequest, OwnCoverage, OwnVerdict, OwnVerifier } from '../domain/own-verifier.ts'
export type { BodyDefinition } from './definition/body.ts'
export type { ItemInput, MapContext, MapperModule, TombstoneInput, Wanted } from './definition/define-mapper.ts'
export { defineMapper, item, tombstone, whole } from './definition/define-mapper.ts'
export type { Price } from './functions/functions.ts'
export {
  absolute,
  base64text,
  bcp47,
  locales,
  markdown,
  price,
  richtext,
  sanitize,
  sha256,
  slug,
  text,
  utc,
} from './functions/functions.ts'
export type { Answer, Ping, Webhook } from './shapes.ts'
