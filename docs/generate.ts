// Writes the tables of docs and the JSON Schemas that are made from code: `npm run docs`, or with --check only says whether they are current.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { configSchema } from '../src/config/schema.ts'
import { loadMappers } from '../src/mapping/library/load.ts'
import { verifySchema } from '../src/verify/verifier.ts'
import { commandsReference } from './generate-commands.ts'
import { mapperSchema, relaySchema } from './json-schemas.ts'

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | false
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

function schemaOf(type: z.ZodType): Schema {
  return z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as Schema
}

/** A row for each setting of a schema, nested ones with their path; `<name>` stands for the key of a map. */
function settingsOf(schema: Schema, filled: unknown, path = '', isRequired = false): readonly (readonly string[])[] {
  const { properties, additionalProperties } = schema
  const memberOf = (key: string) => (filled as Readonly<Record<string, unknown>> | undefined)?.[key]
  if (properties) {
    return Object.entries(properties).flatMap(([key, inner]) =>
      settingsOf(inner, memberOf(key), path ? `${path}.${key}` : key, schema.required?.includes(key) ?? false),
    )
  }
  const isMapOfSections = typeof additionalProperties === 'object' && additionalProperties.properties !== undefined
  if (isMapOfSections) return settingsOf(additionalProperties, memberOf(sampleName), `${path}.<name>`)
  if (schema.items?.properties)
    return settingsOf(schema.items, Array.isArray(filled) ? filled[0] : undefined, `${path}[]`)
  return [[`\`${path}\``, typeOf(schema), defaultOf(schema, isRequired, filled), schema.description ?? '']]
}

/** What may be written, in words. A duration is a text to the schema; its default tells. */
function typeOf(schema: Schema): string {
  const { type, items, default: preset } = schema
  const choices = schema.anyOf ?? schema.oneOf
  // A choice is told by the default of the whole.
  if (choices) {
    // A number may be written as its digits, for variables.
    const number = choices.find(({ type }) => type === 'integer')
    if (number && choices.every(({ type, pattern }) => type === 'integer' || pattern === '^\\d+$'))
      return typeOf(number)
    return [...new Set(choices.map((choice) => typeOf({ default: preset, ...choice })).filter(Boolean))].join(' or ')
  }
  if (schema.const !== undefined) return schema.const === '' ? '' : `\`${String(schema.const)}\``
  if (schema.enum?.includes('true')) return 'true/false'
  if (schema.enum) return schema.enum.map((choice) => `\`${String(choice)}\``).join(', ')
  if (type === 'array') return `list of ${typeOf(items ?? {})}`
  if (type === 'boolean') return 'true/false'
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'object') return 'map'
  if (typeof preset === 'string' && /^(\d+(ms|s|m|h|d)|unlimited)$/.test(preset)) return 'duration'
  if (typeof preset === 'string' && /^\d+[kmg]?b$/.test(preset)) return 'size'
  return 'text'
}

/** The default. Where the schema can't say it (what is read is not what is written), a configuration that is filled in does. */
function defaultOf(schema: Schema, isRequired: boolean, filled?: unknown): string {
  if (isRequired) return 'required'
  const preset = schema.default ?? (typeof filled === 'boolean' || Array.isArray(filled) ? filled : undefined)
  const isEmpty = preset === undefined || preset === '' || JSON.stringify(preset).length === 2
  return isEmpty ? '' : `\`${typeof preset === 'string' ? preset : JSON.stringify(preset)}\``
}

/** The name of the one destination, source and model in a configuration that says only what it must. */
const sampleName = 'sample'

function sampleConfig(): unknown {
  return configSchema.parse({
    destinations: { [sampleName]: { token: 'a.b', website_id: 'w', site_domain: 'example.com' } },
    sources: { [sampleName]: { mapper: 'generic', destination: sampleName } },
    signals: [{ url: 'https://example.com/', secret: `whsec_${'A'.repeat(32)}` }],
  })
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function configurationTable(): string {
  return table(['Setting', 'Type', 'Default', 'Meaning'], settingsOf(schemaOf(configSchema), sampleConfig()))
}

function verifyTables(): string {
  const schemes = schemaOf(verifySchema)
  const rows = (schemes.oneOf ?? schemes.anyOf ?? []).flatMap(
    ({ properties = {}, required = [], description = '' }) => {
      const { scheme, ...settings } = properties
      const head = [`**\`${String(scheme?.const)}\`**`, '', '', '', description]
      const own = Object.entries(settings).flatMap(([key, inner]) =>
        settingsOf(inner, undefined, key, required.includes(key)).map((row) => ['', ...row]),
      )
      return [head, ...own]
    },
  )
  return table(['Scheme', 'Setting', 'Type', 'Default', 'Meaning'], rows)
}

async function mapperTable(): Promise<string> {
  const rows = (await loadMappers()).list().map(({ name, title, description, verify, vars, retries, needsModels }) => {
    const required = Object.keys(vars).filter((key) => vars[key]?.required)
    const optional = Object.keys(vars).filter((key) => !vars[key]?.required)
    const asks = [...required.map((key) => `**${key}**`), ...optional, ...(needsModels ? ['**models**'] : [])]
    const scheme = verify ? `\`${String(verify['scheme'])}\`` : 'the source says how'
    return [
      `[${title}](${name}.md)`,
      `\`${name}\``,
      firstSentence(description),
      scheme,
      asks.join(', '),
      retries?.how ?? '',
    ]
  })
  return table(
    ['System', 'Mapper', 'What it sends', 'Verified by', 'Asks for (**must**, may)', 'Sends again what was refused'],
    rows,
  )
}

function firstSentence(text: string | null): string {
  return text?.split(/(?<=\.)\s/, 1)[0] ?? ''
}

const targets: readonly {
  readonly file: string
  readonly name: string
  readonly make: () => string | Promise<string>
}[] = [
  { file: 'docs/configuration.md', name: 'settings', make: configurationTable },
  { file: 'docs/configuration.md', name: 'verify', make: verifyTables },
  { file: 'docs/cms/README.md', name: 'mappers', make: mapperTable },
  { file: 'docs/commands.md', name: 'commands', make: commandsReference },
]

const isCheck = process.argv.includes('--check')
const stale: string[] = []
for (const { file, name, make } of targets) {
  const path = join(import.meta.dirname, '..', file)
  const text = readFileSync(path, 'utf8')
  const pattern = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`)
  if (!pattern.test(text)) throw new Error(`${file} has no place for ${name}`)
  const made = await make()
  const current = text.replace(pattern, (_match, start: string, end: string) => `${start}${made}\n${end}`)
  if (current === text) continue
  stale.push(`${file}: ${name}`)
  if (!isCheck) writeFileSync(path, current)
}
const mappers = (await loadMappers()).names
for (const [name, schema] of [
  ['relay', relaySchema(mappers)],
  ['mapper', mapperSchema()],
] as const) {
  const file = `schemas/${name}.schema.json`
  const path = join(import.meta.dirname, '..', file)
  const made = `${JSON.stringify(schema, null, 2)}\n`
  if (existsSync(path) && readFileSync(path, 'utf8') === made) continue
  stale.push(file)
  if (!isCheck) writeFileSync(path, made)
}
if (isCheck && stale.length > 0) {
  console.error(`not current, run npm run docs:\n  ${stale.join('\n  ')}`)
  process.exitCode = 1
}
