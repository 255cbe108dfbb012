import { z } from 'zod'
import { bodySchema } from './body.ts'
import { setupSchema } from './setup.ts'

/** JSONata text: what nearly every string in a mapper is. */
export const expression = z.string().regex(/\S/, { error: 'an expression must not be empty' })

/** A map whose strings are expressions, at every depth; anything else in it stands for itself. */
export const template = z.record(z.string(), z.json())

const expressionOrMap = z.union([expression, template], { error: 'an expression or a map of expressions' })

/** Where a record's item fields come from. Models of a source may set most of these, too: see `models.ts`. */
export const itemFields = {
  type: expression.describe('The item type, as it is (`product`) or as an expression that gives one.'),
  id: expression.describe('The stable id of the item, unique per site; at most 256 characters.'),
  live: z
    .union([expression, z.boolean()])
    .describe('Whether the public may see the record; false or nothing asks for a tombstone where it was once sent.'),
  url: expression.describe('The public url, absolute.'),
  canonical_url: expression.describe('The canonical url where it is another one.'),
  title: expression.describe('The title.'),
  html: expression.describe('The content as HTML.'),
  text: expression.describe('The content as plain text; left out, it is made from the HTML.'),
  json: expressionOrMap.describe('Structured content: a map of expressions, or one expression that gives an object.'),
  language: expression.describe("The language; left out, it is the destination's default."),
  updated_at: expression.describe('When the record was last changed; a time without a zone is UTC.'),
  attributes: expressionOrMap.describe('Further attributes of the item, not part of its content.'),
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) !== null
  } catch {
    return false
  }
}

const guess = z
  .strictObject({
    fields: expression.optional().describe("The object with the model's own fields; left out, it is the record."),
    omit: z.array(z.string()).default([]).describe('Names of fields that are not content.'),
    omit_everywhere: z.array(z.string()).default([]).describe('The same, at every depth.'),
    ids: z
      .string()
      .refine(isPattern, { error: 'must be a regular expression' })
      .optional()
      .describe('A regular expression of text that is the id of another record.'),
  })
  .describe('Turns what no expression uses into json.fields, json.relations, json.media and json.seo.')

const requestFields = {
  url: expression.describe('Path below the base url, such as `"/stories/" & id`.'),
  method: z.enum(['GET', 'POST']).default('GET').describe('How it is asked; POST for APIs that are asked in a body.'),
  query: template.optional().describe('Query: a map of expressions; a list gives the name several times.'),
  headers: template.optional().describe('Headers: a map of expressions.'),
  body: z.json().optional().describe('Body, sent as JSON: its strings are expressions.'),
}

const together = z
  .strictObject({
    max: z.int().min(1).max(1000).describe('How many records one request asks for at most; they are `$refs`.'),
    key: expression.describe('What the webhook calls a record, over the element of `each`.'),
    of: expression.describe('The same, over a record of the answer. One without an answer is gone.'),
  })
  .describe('Several records are asked for in one request.')

const recordFetch = z
  .strictObject({
    ...requestFields,
    first: z.strictObject(requestFields).optional().describe('A request before: its answer is `$first`.'),
    record: expression
      .optional()
      .describe('The record in the answer, or with `together` the records; left out, it is the answer. `[]`: gone.'),
    context: expression
      .optional()
      .describe('What of the record is the context of everything else; left out, all of it. It is `$record` besides.'),
    version: expression.optional().describe("The record's version to compare with `at_least`; left out, `version`."),
    at_least: expression
      .optional()
      .describe('The version that the webhook tells of: an older record is asked for again.'),
    exists: expression
      .optional()
      .describe('Whether the webhook says that the record is there: a 404 is then not believed at once.'),
    together: together.optional(),
  })
  .describe('Gets the record from the API of the CMS: it is the context of everything else, the element is `$ref`.')

/** The keys of a record besides its name. */
const recordFields = {
  match: expression.optional().describe('Whether the record applies to the webhook; left out, it always does.'),
  shape: expression
    .optional()
    .describe(
      'Whether the body itself shows what this record says of it. Asked where headers, query or path choose the record and the proof does not cover them.',
    ),
  skip: expression.optional().describe('The reason to skip the webhook: the records below are not asked.'),
  fail: expression.optional().describe('The reason why the webhook cannot be mapped: the event fails.'),
  each: expression.optional().describe('The record or records in the webhook; left out, it is the body.'),
  may_be_empty: z
    .boolean()
    .optional()
    .describe('Whether `each` may give nothing: the record is then skipped. Left out, the event fails.'),
  fetch: recordFetch.optional(),
  model: expression.optional().describe("The model's name; only models that the source registers are sent."),
  type: itemFields.type.optional(),
  id: itemFields.id.optional(),
  version: z
    .union([expression, z.number()])
    .optional()
    .describe('Revision or updated time of the record: an older one never overwrites a newer one.'),
  live: itemFields.live.optional(),
  removed: expression
    .optional()
    .describe('Whether the CMS says that the record is gone: a tombstone even where the relay never sent the item.'),
  url: itemFields.url.optional(),
  canonical_url: itemFields.canonical_url.optional(),
  title: itemFields.title.optional(),
  html: itemFields.html.optional(),
  text: itemFields.text.optional(),
  json: itemFields.json.optional(),
  language: itemFields.language.optional(),
  updated_at: itemFields.updated_at.optional(),
  attributes: itemFields.attributes.optional(),
  guess: guess.optional(),
}

/** As a record's `type`: the removal of a record whose model the webhook does not tell. */
export const anyModel = 'any'

const recordName = z.string().min(1).describe('What messages call the record; unique in its mapper.')

const recordSchema = z.strictObject({ name: recordName, ...recordFields }).superRefine((record, context) => {
  const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
  const guard = record.skip === undefined ? (record.fail === undefined ? null : 'fail') : 'skip'
  if (guard !== null) {
    if (record.match === undefined) refuse('match', `is required beside \`${guard}\``)
    for (const [key, value] of Object.entries(record)) {
      if (key === 'name' || key === 'match' || key === guard || value === undefined) continue
      refuse(key, `has no meaning beside \`${guard}\``)
    }
    return
  }
  if (record.may_be_empty !== undefined && record.each === undefined) refuse('may_be_empty', 'is about `each`')
  if (record.id === undefined) refuse('id', 'is required')
  if (record.type === undefined && record.model === undefined) refuse('type', 'is required')
  const isTombstone = record.live === false
  if (record.type === anyModel && !(isTombstone && record.model === undefined && record.fetch === undefined)) {
    refuse('type', `'${anyModel}' is for records with \`live: false\`, without model and fetch`)
  }
  if (record.url === undefined && record.model === undefined && !isTombstone) refuse('url', 'is required')
})

const varSchema = z.strictObject({
  required: z.boolean().default(false).describe('Whether every source has to set it.'),
  default: z.json().optional().describe('What it is where a source says nothing.'),
  format: z
    .enum(['origin', 'currency', 'list', 'map'])
    .optional()
    .describe(
      'origin: an absolute http(s) url, slashes at its end are cut off. currency: three capital letters. list: one value alone is a list, too. map: a map.',
    ),
  description: z.string().optional().describe('What it is for.'),
})
export type VarDefinition = z.output<typeof varSchema>

export const answerStatus = z.int().min(200).max(299).default(200).describe('Status of the answer.')
export const answerType = z
  .enum(['application/json', 'text/plain', 'application/xml', 'text/xml'])
  .optional()
  .describe('Type of the body; left out, text is `text/plain` and anything else `application/json`.')

const pingFields = {
  match: expression.describe('Whether the request is this ping, test or handshake.'),
  method: z.enum(['POST', 'GET']).default('POST').describe('How it comes; `GET` means HEAD as well.'),
  status: answerStatus,
  content_type: answerType,
  body: z.json().optional().describe("Body of the answer, its strings are expressions; left out, the relay's own."),
  unsigned: z.boolean().default(false).describe('Whether it is answered without a valid signature.'),
  note: expression.optional().describe('A text for the operator, who is told in the log: something is to be done.'),
}

const accepted = z
  .strictObject({
    status: answerStatus,
    content_type: answerType,
    body: z.json().optional().describe("The body as it is, no expressions; left out, the relay's own."),
  })
  .describe('How a webhook is answered that has been kept, where the CMS asks for more than a 2xx; left out, with 202.')

const eventFields = {
  id: expression.optional().describe('The delivery id; leave it out where the CMS sends none.'),
  topic: expression.optional().describe('What happened, in the words of the CMS.'),
}

const word = z.string().regex(/^[a-z][a-z0-9_]*$/, { error: 'names of vars are lower-case words' })
export const mapperName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, { error: 'names are letters, digits, - and _, at most 64' })

export const varsSchema = z.record(word, varSchema)

const verify = z
  .record(z.string(), z.unknown())
  .describe('How webhooks of this CMS are verified, without the secret; a source may set its own.')

const tokenPlace = z
  .strictObject({
    query: z.string().min(1).optional().describe('Name in the query.'),
    header: z
      .string()
      .regex(/^[a-z0-9-]+$/, { error: 'a header name in lower case' })
      .optional()
      .describe('A header.'),
    prefix: z.string().default('').describe('Stands before the token in the header, such as `Bearer `.'),
    required: z.boolean().default(true).describe('Whether the API answers nobody without one.'),
  })
  .refine(({ query, header }) => (query === undefined) !== (header === undefined), {
    error: 'say one of query and header',
  })

const mapperFetch = z
  .strictObject({
    base_url: expression.optional().describe('Root of the API, over `$vars`; a source may set another.'),
    token: tokenPlace.optional().describe("Where the source's `fetch.token` goes."),
    query: template.optional().describe('Query of every request.'),
    headers: template.optional().describe('Headers of every request.'),
  })
  .describe('How the API of the CMS is reached.')

const check = z
  .strictObject({
    ...requestFields,
    url: expression.describe('Path below the base url, over `$vars`.'),
    match: expression.optional().describe('Whether there is something to check; left out, always.'),
    expect: expression
      .optional()
      .describe('Whether an answer is one of this API, over its body; left out, any JSON is.'),
    needs: z.string().min(1).optional().describe('What the credential has to be allowed, in words.'),
  })
  .describe('A request that shows whether base url and credential are good, with what `fetch` has for every request.')

export const retriesSchema = z
  .strictObject({
    for: z
      .enum(['none', 'minutes', 'hours', 'days', 'setting', 'unknown'])
      .describe('How long it tries; `setting`: as its user sets it.'),
    how: z.string().min(1).describe('How often, and what follows, in words.'),
  })
  .describe('Whether the CMS sends a webhook again that was refused. `check` warns by it of a `rate_limit`.')
export type Retries = z.output<typeof retriesSchema>

const headFields = {
  name: mapperName.describe('What `mapper:` of a source says.'),
  title: z.string().min(1).describe('Name of the CMS for people.'),
  description: z.string().optional().describe('What to know about the mapper.'),
  replace: z.boolean().default(false).describe('Takes the place of the built-in mapper of the same name.'),
  retries: retriesSchema.optional(),
  setup: setupSchema.optional(),
}

/** A mapper as a YAML file says it. The one place where its keys are declared, checked and described. */
export const definitionSchema = z.strictObject({
  ...headFields,
  verify: verify.optional(),
  body: bodySchema.optional(),
  event: z.strictObject(eventFields).default({}),
  accepted: accepted.optional(),
  fetch: mapperFetch.optional(),
  check: check.optional(),
  pings: z.array(z.strictObject({ name: z.string().min(1), ...pingFields })).default([]),
  vars: varsSchema.default({}),
  records: z.array(recordSchema).min(1, { error: 'needs at least one record' }),
})

export type MapperDefinition = z.output<typeof definitionSchema>
export type RecordDefinition = MapperDefinition['records'][number]
export type FetchDefinition = NonNullable<RecordDefinition['fetch']>
export type RequestDefinition = NonNullable<FetchDefinition['first']>
export type TogetherDefinition = NonNullable<FetchDefinition['together']>
export type MapperFetchDefinition = NonNullable<MapperDefinition['fetch']>
export type CheckDefinition = NonNullable<MapperDefinition['check']>
export type PingDefinition = MapperDefinition['pings'][number]

/** Every key optional, and null if it takes back what the extended mapper says. */
function patchOf(shape: Record<string, z.ZodType>) {
  return Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, schema.nullish()]))
}

const patchTemplate = z.union([expression, z.record(z.string(), z.json())])

/** A mapper that extends another: only what differs. Records and pings are told apart by their names. */
export const patchSchema = z.strictObject({
  ...headFields,
  title: headFields.title.optional(),
  extends: mapperName.describe('The mapper that this one starts from.'),
  verify: verify.optional(),
  body: z.strictObject(patchOf(bodySchema.shape)).nullish(),
  event: z.strictObject(patchOf(eventFields)).optional(),
  accepted: z.strictObject(patchOf(accepted.shape)).nullish(),
  fetch: z.looseObject({}).nullish(), // checked once it is laid over the extended mapper's
  check: z.looseObject({}).nullish(), // so is this
  pings: z
    .array(z.strictObject({ name: z.string().min(1), remove: z.literal(true).optional(), ...patchOf(pingFields) }))
    .optional(),
  vars: z.record(word, varSchema.nullable()).optional(),
  records: z
    .array(
      z.strictObject({
        name: recordName,
        remove: z.literal(true).optional().describe('Takes the record of the extended mapper away.'),
        ...patchOf({ ...recordFields, json: patchTemplate, attributes: patchTemplate, fetch: z.looseObject({}) }),
      }),
    )
    .optional(),
})
