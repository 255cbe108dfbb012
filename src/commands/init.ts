import { existsSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { RelayError } from '../domain/errors.ts'
import { describeUnknown } from '../domain/unknown-name.ts'
import type { VarDefinition } from '../mapping/definition/definition.ts'
import { readVars } from '../mapping/definition/vars.ts'
import type { Definition } from '../mapping/library/bind.ts'
import { loadMappers, type MapperLibrary } from '../mapping/library/load.ts'
import type { Issue } from '../mistakes/issue.ts'
import { UsageError } from './failure.ts'
import { needsOf } from './mapper-needs.ts'
import { type Ask, withQuestions } from './questions.ts'
import { print } from './report.ts'
import { type EnvironmentVariable, sourceBlock } from './source-block.ts'

export interface InitOptions {
  /** Name of the mapper; asked for if it is left out. */
  readonly mapper?: string | undefined
  /** Host of the public site; asked for if it is left out. */
  readonly site?: string
  /** Name of the source; left out, that of the mapper. */
  readonly source?: string
  readonly output: string
  readonly force: boolean
  /** Whether there is somebody to ask. */
  readonly isTerminal: boolean
}

/** Writes a configuration for one CMS, and says what is left to do. An existing file stays unless `force` is set. */
export async function init(options: InitOptions): Promise<void> {
  const file = resolve(options.output)
  if (!options.force && existsSync(file)) throw existing(options.output)
  const library = await loadMappers()
  const plan = options.isTerminal
    ? await withQuestions((ask) => planOf(options, library, ask))
    : await planOf(options, library, null)
  const { text, variables } = configOf(plan)
  write(file, text, options)
  print(null, { json: false, text: () => nextSteps(plan, variables, options.output) })
}

interface InitPlan {
  readonly definition: Definition
  readonly source: string
  readonly site: string
  readonly vars: Readonly<Record<string, string>>
}

/** What was said on the command line, and what has to be asked. Throws UsageError if nobody can be. */
async function planOf(options: InitOptions, library: MapperLibrary, ask: Ask | null): Promise<InitPlan> {
  const name = options.mapper ?? (await askForMapper(library, ask))
  const definition = library.names.includes(name) ? library.get(name) : undefined
  if (!definition) throw new RelayError('not_found', describeUnknown('mapper', name, library.names))
  const site = await siteOf(options.site, ask)
  const source = options.source ?? name
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(source)) {
    throw new UsageError(`--source '${source}': names are letters, digits, - and _, at most 64`)
  }
  return { definition, source, site, vars: ask === null ? {} : await askForVars(definition, ask) }
}

async function askForMapper(library: MapperLibrary, ask: Ask | null): Promise<string> {
  if (ask === null) {
    throw new UsageError(`say which CMS: npx cms-relay init NAME --site HOST (there is ${library.names.join(', ')})`)
  }
  const choices = library.list().map(({ name, title }) => ({ name, title }))
  return ask.choice('Which CMS sends the webhooks?', choices)
}

async function siteOf(given: string | undefined, ask: Ask | null): Promise<string> {
  if (given !== undefined) {
    const site = hostIn(given)
    if (site === null) throw new UsageError(`--site '${given}' is no host name such as example.com`)
    return site
  }
  if (ask === null) throw new UsageError('say where the public site is: --site HOST, such as example.com')
  return ask.text('Host of the public site, such as example.com', (text) => {
    const site = hostIn(text)
    return site === null ? { mistake: 'That is no host name such as example.com.' } : { value: site }
  })
}

/** The host of a url or of a host alone, with its port; null if it is none. */
function hostIn(text: string): string | null {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`)
  const isHost = url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === ''
  return isHost && /^[a-z0-9.-]+(:\d+)?$/.test(url.host) ? url.host : null
}

/** Values of required vars that the site does not tell. An empty answer leaves an environment variable in its place. */
async function askForVars(definition: Definition, ask: Ask): Promise<Record<string, string>> {
  const vars: Record<string, string> = {}
  for (const { name, ...declared } of needsOf(definition).required) {
    if (declared.format === 'origin') continue
    const question = `${name} (${declared.description ?? 'required'}; empty: later, as an environment variable)`
    const answer = await ask.text(question, (text) => {
      const mistake = text.trim() === '' ? undefined : mistakeIn(text.trim(), name, declared)
      return mistake === undefined ? { value: text.trim() } : { mistake: `It ${mistake}.` }
    })
    if (answer !== '') vars[name] = answer
  }
  return vars
}

function mistakeIn(value: string, name: string, declared: VarDefinition): string | undefined {
  const issues: Issue[] = []
  readVars({ mapper: '', declared: { [name]: declared }, given: { [name]: value }, issues, prefix: '' })
  return issues[0]?.message
}

/** The whole file. It is valid once the environment variables are set. */
function configOf({ definition, source, site, vars }: InitPlan) {
  const block = sourceBlock({ source, definition, destination: 'main', site, vars })
  const text = `# ${definition.title}, as docs/cms/${definition.name}.md tells. Every setting: docs/configuration.md.
# \${NAME} is the environment variable NAME. No secret belongs into this file.

destinations:
  main:
    token: \${BAINQUET_CONNECTOR_TOKEN} # connectorId.secret
    website_id: \${BAINQUET_WEBSITE_ID} # the website that the token is for
    site_domain: ${site} # the host of every item's url; www. would be another host
    # default_language: en # of items that name none

${block.text}
# server:
#   admin_token: \${RELAY_ADMIN_TOKEN} # turns the admin API on, see docs/admin-api.md
`
  const variables: readonly EnvironmentVariable[] = [
    { name: 'BAINQUET_CONNECTOR_TOKEN', meaning: 'connectorId.secret, as the ingest API gave it' },
    { name: 'BAINQUET_WEBSITE_ID', meaning: 'the website that the token is for' },
    ...block.variables,
  ]
  return { text, variables }
}

function write(file: string, text: string, { output, force }: InitOptions): void {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw existing(output)
    throw error
  }
}

function existing(output: string): RelayError {
  return new RelayError('conflict', `${output} is there already: --force overwrites it, --output writes elsewhere`)
}

function nextSteps(plan: InitPlan, variables: readonly EnvironmentVariable[], output: string): string {
  const { definition, source } = plan
  const config = relative('.', resolve(output)) === 'relay.yaml' ? '' : ` --config ${output}`
  const widest = Math.max(...variables.map(({ name }) => name.length))
  const needs = needsOf(definition)
  const steps = [
    `Set the environment variables (npx cms-relay keygen makes up a secret):\n${variables
      .map(({ name, meaning }) => `     ${name.padEnd(widest)}  ${meaning}`)
      .join('\n')}`,
    ...(needs.models ? [`Name your content types under \`models\` in ${output}: none but those are sent.`] : []),
    `Check it: npx cms-relay check${config}`,
    `Start the relay: npx cms-relay serve${config}`,
    `In ${definition.title}, send the webhooks to https://<relay>/webhooks/${source}\n     Where to click: docs/cms/${definition.name}.md`,
  ]
  return `${output} is written. What is left:\n${steps.map((step, index) => `  ${index + 1}. ${step}`).join('\n')}`
}
