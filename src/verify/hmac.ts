import { z } from 'zod'
import { encodings } from './encoding.ts'
import type { Scheme } from './scheme.ts'
import { headerName, publicUrlWithQuery, toleranceSetting } from './settings.ts'
import { has, isContent, readTemplate, type Template } from './template.ts'
import { createTemplateHmac, type TemplateHmac } from './template-hmac.ts'
import { timestampUnits } from './timestamp.ts'

const timestampSchema = z.strictObject({
  header: headerName
    .optional()
    .describe('The header with the time of signing. Left out: it is in the header with the signature.'),
  prefix: z.string().default('').describe('What stands before the time, such as `t=`.'),
  field: z.string().min(1).optional().describe('A member of the JSON body with the time, in place of a header.'),
  unit: z
    .enum(timestampUnits)
    .default('s')
    .describe('How it is written: seconds, milliseconds, or a date with a zone.'),
  tolerance: toleranceSetting('5m'),
})

export const hmacSchema = z
  .strictObject({
    scheme: z.literal('hmac'),
    header: headerName.describe('The header with the signature.'),
    over: z
      .string()
      .default('{body}')
      .describe(
        'What is signed: text and `{body}`, `{timestamp}`, `{id}`, `{method}`, `{url}`, `{path}`, `{query}`, `{header:x-name}`; `{form}` are the fields of a form, sorted.',
      ),
    algorithm: z
      .enum(['sha1', 'sha256', 'sha384', 'sha512'])
      .default('sha256')
      .describe('The hash of the HMAC; `sha1` only where the sender has nothing better.'),
    encoding: z.enum(encodings).default('hex').describe('How the signature is written.'),
    prefix: z.string().default('').describe('What stands before each signature, such as `sha256=`.'),
    separator: z
      .string()
      .min(1)
      .optional()
      .describe('What separates several signatures in one header; any may match. Left out: exactly one signature.'),
    key: z
      .enum(['raw', 'hex', 'base64'])
      .default('raw')
      .describe('How the secret becomes the key: `raw` takes its text as it is, the others decode it.'),
    secret_prefix: z.string().default('').describe('What stands before the key in the secret, such as `whsec_`.'),
    timestamp: timestampSchema.optional(),
    id: headerName.optional().describe('The header of `{id}`, the delivery id.'),
    public_url: publicUrlWithQuery
      .optional()
      .describe(
        'The URL as it is set in the sender, with its query, for `{url}`. Left out: `server.public_url` with `/webhooks/<source>`.',
      ),
  })
  .superRefine((config, context) => {
    for (const { path, message } of mistakesIn(config)) context.addIssue({ code: 'custom', path: [...path], message })
  })
  .describe('An HMAC in a header, of the exact bytes of the body, or of more.')

type HmacConfig = z.infer<typeof hmacSchema>

/** An HMAC in a header: Shopify, GitHub, Slack, Stripe, Zendesk, Square and most others, each by its settings. */
export function hmacOfSettings(config: HmacConfig): TemplateHmac {
  const { over, timestamp, id, public_url: publicUrl, secret_prefix: secretPrefix, ...same } = config
  return { ...same, over: [readTemplate(over, { unit: timestamp?.unit, id })], timestamp, publicUrl, secretPrefix }
}

/** The scheme `hmac` with its secrets. */
export function createHmacScheme(config: HmacConfig, secrets: readonly string[]): Scheme {
  return createTemplateHmac('hmac', hmacOfSettings(config), secrets)
}

interface Mistake {
  readonly path: readonly string[]
  readonly message: string
}

function mistakesIn({ over, timestamp, id, separator, public_url }: Omit<HmacConfig, 'scheme'>): readonly Mistake[] {
  const mistakes: string[] = []
  const template = readTemplate(over, { unit: timestamp?.unit, id }, mistakes)
  if (mistakes.length > 0) return mistakes.map((message) => ({ path: ['over'], message }))

  const isTimed = has(template, 'timestamp')
  const hasId = template.some((part) => part.kind === 'header' && part.isId)
  const rules: readonly (readonly [isWrong: boolean, key: string, message: string])[] = [
    [
      isTimed && timestamp === undefined,
      'timestamp',
      'is needed for {timestamp}: say where the time is, such as { header: x-timestamp }',
    ],
    [
      isTimed && timestamp?.field !== undefined,
      'over',
      'must not hold {timestamp}: the time of timestamp.field is in the body',
    ],
    [
      !isTimed && timestamp !== undefined && timestamp.field === undefined,
      'over',
      "must hold {timestamp}: a time that is not signed is anybody's",
    ],
    [
      timestamp?.field !== undefined && timestamp.header !== undefined,
      'timestamp',
      'is either in a header or in a field of the body',
    ],
    [
      timestamp !== undefined &&
        timestamp.field === undefined &&
        timestamp.header === undefined &&
        (separator === undefined || timestamp.prefix === ''),
      'timestamp',
      'needs a header; or a prefix such as t=, and the separator of the parts of the header with the signature',
    ],
    [
      timestamp?.tolerance === Number.POSITIVE_INFINITY && timestamp.unit !== 'rfc3339' && isBesideContent(template),
      'timestamp',
      'needs a tolerance: nothing stands between {timestamp} and the body, and digits could move from one to the other',
    ],
    [hasId && id === undefined, 'id', 'is needed for {id}: say which header has the delivery id'],
    [!hasId && id !== undefined, 'over', "must hold {id}: an id that is not signed is anybody's"],
    [
      has(template, 'url') && public_url === undefined,
      'public_url',
      'is needed for {url}: set server.public_url, or say here how the URL is set in the sender',
    ],
  ]
  return rules.flatMap(([isWrong, key, message]) => (isWrong ? [{ path: [key], message }] : []))
}

function isBesideContent(template: Template): boolean {
  return template.some(({ kind }, index) => {
    return kind === 'timestamp' && [template[index - 1], template[index + 1]].some((one) => one && isContent(one))
  })
}
