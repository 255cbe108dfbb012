import { stringify } from 'yaml'
import type { Setup } from '../../mapping/definition/setup.ts'
import { type Definition, isModule } from '../../mapping/library/bind.ts'
import { htmlOfModel, type InitModel, urlOfModel } from './init/model.ts'
import { type MapperNeeds, type NamedVar, needsOf } from './mapper-needs.ts'

export interface SourceBlockOptions {
  /** Name of the source, which is in the url. */
  readonly source: string
  readonly definition: Definition
  readonly destination: string
  /** Host of the public site. */
  readonly site: string
  /** Values of vars that are known. */
  readonly vars?: Readonly<Record<string, unknown>>
  /** Left out: an example. */
  readonly models?: readonly InitModel[]
  /** Where the CMS reaches the source, if it is known. */
  readonly url?: string | null
  /** Whether the API of the CMS may be at a private address. */
  readonly allowPrivate?: boolean
}

export interface SourceBlock {
  /** YAML, beginning with `sources:`. */
  readonly text: string
  /** The environment variables in it, and what each is for. */
  readonly variables: readonly EnvironmentVariable[]
}

export interface EnvironmentVariable {
  readonly name: string
  readonly meaning: string
  /** What it is a value of: a secret of the source, a setting of its verification, its API, or a var. */
  readonly use: 'secret' | 'setting' | 'api' | 'var'
  /** The name of the setting, such as `public_key` or `token`; of a secret, the webhook that it is of. */
  readonly key: string
}

/** A source that uses the mapper, as `relay.yaml` has it: valid once its environment variables are set. */
export function sourceBlock(options: SourceBlockOptions): SourceBlock {
  const { source, definition, destination } = options
  const needs = needsOf(definition)
  const variables: EnvironmentVariable[] = []
  const variable: MakeVariable = (use, key, meaning, suffix = key) => {
    const name = `${source}_${suffix}`.toUpperCase().replace(/[^A-Z0-9]+/g, '_')
    // A name of a variable does not begin with a digit.
    variables.push({ name: /^[0-9]/.test(name) ? `SOURCE_${name}` : name, meaning, use, key })
    return `\${${variables.at(-1)!.name}}`
  }
  const lines = [
    'sources:',
    `  ${yamlText(source)}: # the url to paste: ${options.url ?? `https://<relay>/webhooks/${source}`}`,
    `    mapper: ${yamlText(definition.name)}`,
    `    destination: ${yamlText(destination)}`,
    ...proofLines(needs, options, variable),
    ...varsLines(needs, options, variable),
    ...(needs.models ? modelLines(options) : []),
    ...(needs.fetch ? fetchLines(options, variable) : []),
  ]
  return { text: `${lines.join('\n')}\n`, variables }
}

/** A value as YAML has it in one line; `${` in it is no variable. */
export function yamlText(value: unknown): string {
  const escaped = JSON.parse(JSON.stringify(value).replaceAll('${', '$$${')) as unknown
  if (typeof escaped === 'string' && /[\r\n]/.test(escaped)) return JSON.stringify(escaped)
  return stringify(escaped, { lineWidth: 0, collectionStyle: 'flow' }).trimEnd()
}

type MakeVariable = (use: EnvironmentVariable['use'], key: string, meaning: string, suffix?: string) => string

function proofLines(needs: MapperNeeds, options: SourceBlockOptions, variable: MakeVariable): readonly string[] {
  const { scheme, secret, verify } = needs
  const { definition, url } = options
  // What is known stands in server.public_url.
  const settings = needs.settings.filter((name) => name !== 'public_url' || !url)
  if (scheme === 'none') return ['    # The mapper verifies nothing: anyone may send.']
  const setting = (name: string) => {
    if (name === 'username') return 'username: relay'
    return `${name}: ${variable('setting', name, `${name.replaceAll('_', ' ')} that the webhooks are verified with`)}`
  }
  const own =
    scheme === null
      ? ['    verify: { scheme: header, header: x-relay-token } # a fixed token in this header; or another scheme']
      : settings.length > 0
        ? [
            '    verify:',
            ...settings.map((name) => `      ${setting(name)} # ${verify}`),
            ...(scheme === 'rsa' ? [claims] : []),
          ]
        : []
  if (!secret) return own
  const many = definition.setup?.secrets
  if (many) {
    const names = many.map(
      (word) => `      - ${variable('secret', word, `secret of the webhook ${word}`, `secret_${word}`)}`,
    )
    return [...own, `    secret: # of each webhook; ${verify}`, ...names]
  }
  const meaning = 'what the webhooks are signed with, or the token that they show'
  const value = variable('secret', 'secret', meaning, 'webhook_secret')
  return [...own, `    secret: ${value}${scheme === null ? '' : ` # ${verify}`}`]
}

const claims = '      # claims: { … } # what makes a webhook yours, where the key signs for other customers, too'

function varsLines(needs: MapperNeeds, options: SourceBlockOptions, variable: MakeVariable): readonly string[] {
  const lines = [
    ...needs.required.map((one) => varLine(one, varText(one, options, variable), 'required')),
    ...needs.optional.map((one) => {
      // Without it urls could not be guessed.
      const isWritten = one.name === 'origin' || options.vars?.[one.name] !== undefined
      if (isWritten) return varLine(one, varText(one, options, variable))
      return `      # ${varLine(one, one.default === undefined ? '' : JSON.stringify(one.default)).trim()}`
    }),
  ]
  if (lines.length === 0) return []
  const isAllComment = lines.every((line) => line.trim().startsWith('#'))
  return [isAllComment ? '    # vars:' : '    vars:', ...lines]
}

function varLine({ name, description }: NamedVar, value: string, word?: string): string {
  const text = [word, description?.replace(/\s+/g, ' ').trim()].filter(Boolean).join(': ')
  return `      ${name}:${value && ` ${value}`}${text && ` # ${text}`}`
}

function varText({ name, format, description }: NamedVar, options: SourceBlockOptions, variable: MakeVariable): string {
  const known = options.vars?.[name]
  if (known !== undefined) return yamlText(known)
  if (format === 'origin') return yamlText(`https://${options.site}`)
  return variable('var', name, description ?? `var ${name} of the mapper`)
}

/** How the API of the CMS is reached, as far as the mapper does not know it. */
function fetchLines(
  { definition, allowPrivate = false }: SourceBlockOptions,
  variable: MakeVariable,
): readonly string[] {
  const { base_url: baseUrl, token } = (isModule(definition) ? undefined : definition.fetch) ?? {}
  const lines = [
    ...(baseUrl === undefined
      ? [`      base_url: ${variable('api', 'base_url', "root of the CMS's API", 'api_url')}`]
      : []),
    ...(token?.required
      ? [`      token: ${variable('api', 'token', "credential of the CMS's API", 'api_token')}`]
      : []),
    ...(allowPrivate ? ['      allow_private: true # its address is a private one'] : []),
  ]
  if (lines.length > 0) return ["    fetch: # the CMS's API is asked for what its webhooks leave out", ...lines]
  return token ? ['    # fetch: { token: … } # credential of the API of the CMS, if it asks for one'] : []
}

function modelLines({ models = [], definition }: SourceBlockOptions): readonly string[] {
  const { setup } = definition
  const called = setup?.model?.called ?? 'name that the CMS gives the content type'
  const head = `    models: # what may leave: a content type that is not here is skipped. The key is the ${called}`
  if (models.length === 0) return [head, ...example, ...htmlLine({}, setup)]
  return [
    head,
    ...models.flatMap((model) => {
      const url = urlOfModel(model, setup)
      return [
        `      ${yamlText(model.name)}:`,
        `        type: ${model.type}`,
        ...(url === null ? [] : [`        url: ${yamlText(url)}`]),
        ...htmlLine(model, setup),
      ]
    }),
  ]
}

const example: readonly string[] = [
  '      article: # an example: put yours here',
  '        type: post # or page, product, event, …',
  '        # url: $vars.origin & "/blog/" & slug # left out: origin, slash, slug',
]

function htmlLine(model: Pick<InitModel, 'field'>, setup: Setup | undefined): readonly string[] {
  const html = htmlOfModel(model, setup)
  if (html === null) return []
  const line = `html: ${yamlText(html)}`
  return [model.field === undefined ? `        # ${line} # without it items have no text` : `        ${line}`]
}
