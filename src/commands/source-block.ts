import { type Definition, isModule } from '../mapping/library/bind.ts'
import { type MapperNeeds, type NamedVar, needsOf } from './mapper-needs.ts'

export interface SourceBlockOptions {
  /** Name of the source, which is in the url. */
  readonly source: string
  readonly definition: Definition
  readonly destination: string
  /** Host of the public site. */
  readonly site: string
  /** Values of vars that are known. */
  readonly vars?: Readonly<Record<string, string>>
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
}

/** A source that uses the mapper, as `relay.yaml` has it: valid once its environment variables are set. */
export function sourceBlock(options: SourceBlockOptions): SourceBlock {
  const { source, definition, destination } = options
  const needs = needsOf(definition)
  const variables: EnvironmentVariable[] = []
  const variable = (suffix: string, meaning: string) => {
    const name = `${source}_${suffix}`.toUpperCase().replace(/[^A-Z0-9]+/g, '_')
    variables.push({ name, meaning })
    return `\${${name}}`
  }
  const lines = [
    'sources:',
    `  ${source}: # the url to paste: https://<relay>/webhooks/${source}`,
    `    mapper: ${definition.name}`,
    `    destination: ${destination}`,
    ...proofLines(needs, variable),
    ...varsLines(needs, options, variable),
    ...(needs.models ? modelLines : []),
    ...(needs.fetch ? fetchLines(definition, variable) : []),
  ]
  return { text: `${lines.join('\n')}\n`, variables }
}

type MakeVariable = (suffix: string, meaning: string) => string

function proofLines(needs: MapperNeeds, variable: MakeVariable): readonly string[] {
  const { scheme, settings, secret, verify } = needs
  if (scheme === 'none') return ['    # The mapper verifies nothing: anyone may send.']
  const setting = (name: string) =>
    name === 'username'
      ? 'username: relay'
      : `${name}: ${variable(name, `${name.replaceAll('_', ' ')} that the webhooks are verified with`)}`
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
  const meaning = 'what the webhooks are signed with, or the token that they show'
  return [...own, `    secret: ${variable('webhook_secret', meaning)}${scheme === null ? '' : ` # ${verify}`}`]
}

const claims = '      # claims: { … } # what makes a webhook yours, where the key signs for other customers, too'

function varsLines(needs: MapperNeeds, options: SourceBlockOptions, variable: MakeVariable): readonly string[] {
  const lines = [
    ...needs.required.map((one) => varLine(one, givenFor(one, options, variable), 'required')),
    ...needs.optional.map((one) => {
      // Without it urls could not be guessed.
      if (one.name === 'origin') return varLine(one, givenFor(one, options, variable))
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

function givenFor(
  { name, format, description }: NamedVar,
  options: SourceBlockOptions,
  variable: MakeVariable,
): string {
  const known = options.vars?.[name]
  if (known !== undefined) return JSON.stringify(known)
  if (format === 'origin') return `https://${options.site}`
  return variable(name, description ?? `var ${name} of the mapper`)
}

/** How the API of the CMS is reached, as far as the mapper does not know it. */
function fetchLines(definition: Definition, variable: MakeVariable): readonly string[] {
  const { base_url: baseUrl, token } = (isModule(definition) ? undefined : definition.fetch) ?? {}
  const lines = [
    ...(baseUrl === undefined ? [`      base_url: ${variable('api_url', "root of the CMS's API")}`] : []),
    ...(token?.required ? [`      token: ${variable('api_token', "credential of the CMS's API")}`] : []),
  ]
  if (lines.length > 0) return ["    fetch: # the CMS's API is asked for what its webhooks leave out", ...lines]
  return token ? ["    # fetch: { token: … } # credential of the CMS's API, where it asks for one"] : []
}

const modelLines: readonly string[] = [
  '    models: # what may leave: a content type that is not here is skipped',
  '      article: # the name that the CMS gives the content type: put yours here',
  '        type: post # or page, product, event, …',
  '        # url: $vars.origin & "/blog/" & slug # left out: origin, slash, slug',
  '        # html: body # the field with the content',
]
