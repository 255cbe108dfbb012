import { createHash } from 'node:crypto'
import { canonicalJson } from '../../domain/ingest-item.ts'
import type { Finding } from '../../mistakes/issue.ts'
import { createCompiler } from '../compile/field.ts'
import { moduleMapper } from '../compile/module-mapper.ts'
import { unpacking } from '../compile/unpacking.ts'
import { compileMapper } from '../compile/yaml-mapper.ts'
import type { ModuleDefinition } from '../definition/define-mapper.ts'
import type { MapperDefinition } from '../definition/definition.ts'
import { issuesError } from '../definition/issues.ts'
import type { ModelDefinitions } from '../definition/models.ts'
import { readVars } from '../definition/vars.ts'
import type { Mapper } from '../mapper.ts'
import { type HtmlPolicy, withSafeHtml } from '../safe-html/mapper.ts'

/** A mapper as it was loaded: from YAML or from a module. */
export type Definition = MapperDefinition | ModuleDefinition

export interface BindOptions {
  /** The source's name, for messages. */
  readonly source: string
  readonly vars?: Readonly<Record<string, unknown>>
  readonly models?: ModelDefinitions
  readonly html?: HtmlPolicy
  /** Of one expression. */
  readonly timeLimitMs?: number
}

export function isModule(definition: Definition): definition is ModuleDefinition {
  return 'map' in definition
}

/** A mapper for one source: vars and models checked, expressions compiled. Throws RelayError `invalid` with all issues. */
export function bindMapper(
  definition: Definition,
  { source, vars: given = {}, models = {}, html = 'safe', timeLimitMs = 250 }: BindOptions,
): Mapper {
  const issues: Finding[] = []
  const { name } = definition
  const prefix = `sources.${source}.`
  const vars = readVars({ mapper: name, declared: definition.vars, given, issues, prefix })
  if (Object.keys(models).length > 0 && !needsModels(definition)) {
    issues.push({ path: `${prefix}models`, message: `mapper '${name}' knows no models` })
  }

  const version = versionOf({ definition, models, vars: Object.keys(vars).sort(), html })
  const mapper = isModule(definition)
    ? moduleMapper(definition, { vars, version })
    : compileMapper(definition, {
        source,
        vars,
        models,
        version,
        timeLimitMs,
        compiler: createCompiler({
          timeLimitMs,
          issues,
          prefix: `sources.${source}.mapper: ${name}: `,
          vars: Object.keys(definition.vars),
        }),
        modelCompiler: createCompiler({ timeLimitMs, issues, prefix, vars: Object.keys(definition.vars) }),
      })
  if (issues.length > 0) throw issuesError(`source '${source}'`, distinct(issues))
  const unpacked = unpacking(mapper, definition.body)
  return html === 'as_is' ? unpacked : withSafeHtml(unpacked)
}

/** Whether only those models are sent that the source registers: without any, every webhook is skipped. */
export function needsModels(definition: Definition): boolean {
  return !isModule(definition) && definition.records.some(({ model }) => model !== undefined)
}

interface Versioned {
  readonly definition: Definition
  readonly models: ModelDefinitions
  readonly vars: readonly string[]
  readonly html: HtmlPolicy
}

function versionOf({ definition, models, vars, html }: Versioned): string {
  const content = isModule(definition) ? definition.fingerprint : mappingOf(definition)
  return createHash('sha256')
    .update(canonicalJson({ definition: content, models, vars, html }))
    .digest('hex')
    .slice(0, 12)
}

/** What decides what comes of a webhook: what happens in the CMS, and how its API is checked, changes no item. */
function mappingOf({ retries: _retries, setup: _setup, check: _check, ...mapping }: MapperDefinition): object {
  return mapping
}

/** A record compiled for several models makes the same mistake several times. */
function distinct(issues: readonly Finding[]): Finding[] {
  return [...new Map(issues.map((issue) => [`${issue.path}\n${issue.message}`, issue])).values()]
}
