import { isObject } from '../../json/kind.ts'
import { type Finding, isWithin, pathText } from '../../mistakes/issue.ts'
import { findingsOf, plainWords } from '../../mistakes/schema-mistakes.ts'
import { tell } from '../../mistakes/telling.ts'
import { readYamlFile, type YamlFile } from '../../mistakes/yaml-file.ts'
import { createCompiler } from '../compile/field.ts'
import { compileMapper } from '../compile/yaml-mapper.ts'
import { definitionSchema, type MapperDefinition, patchSchema } from '../definition/definition.ts'
import { extendMapper } from '../definition/extend.ts'

/** A mapper file that is YAML. */
export interface MapperFile extends YamlFile {
  readonly content: Record<string, unknown>
}

/** Null if the file is not a YAML map; its mistake is in `findings`, with its place. */
export function readMapperFile(path: string, findings: Finding[]): MapperFile | null {
  const read = readYamlFile(path)
  if (!read.ok) {
    findings.push(read.issue)
    return null
  }
  const { yaml } = read
  if (isObject(yaml.content)) return yaml as MapperFile
  const what = yaml.content === null ? 'is empty: it' : Array.isArray(yaml.content) ? 'is a list and' : 'is text and'
  findings.push({
    path: '',
    message: `${what} must be a map with name, title and records`,
    file: yaml.name,
    line: 1,
    column: 1,
  })
  return null
}

/** Puts a mistake of a mapper file in its place. */
export function tellOf(file: MapperFile, finding: Finding): Finding {
  const background = { file, document: file.content, sourceOf: () => null, isOutside: () => false }
  const { isMissing, meant } = finding
  return { ...tell(finding, background, []), ...(isMissing && { isMissing }), ...(meant !== undefined && { meant }) }
}

/** The mapper in a file; null if it has mistakes, which are then in `findings`. `shallow`: expressions are not compiled. */
export function checkDefinition(file: MapperFile, findings: Finding[], shallow = false): MapperDefinition | null {
  const result = definitionSchema.safeParse(file.content, { error: plainWords })
  if (result.success && shallow) return result.data
  const found = result.success ? [] : findingsOf(result.error)
  const definition = result.data ?? soundPartOf(file.content, found)
  const inExpressions =
    definition === null
      ? []
      : mistakesIn(definition, varsIn(file.content)).map((one) => ({
          ...one,
          path: placeIn(file, definition, one.path) ?? one.path,
        }))
  findings.push(...[...found, ...inExpressions].map((one) => tellOf(file, one)))
  return result.success && inExpressions.length === 0 ? result.data : null
}

/** What a file declares, whether the rest of a declaration is right or not. */
function varsIn({ vars }: MapperFile['content']): readonly string[] {
  return isObject(vars) ? Object.keys(vars) : []
}

/** A mapper without the records that have mistakes of form, so that these hide none in the expressions of others. */
function soundPartOf(content: MapperFile['content'], found: readonly Finding[]): MapperDefinition | null {
  const { records } = content
  if (!Array.isArray(records)) return null
  const isSound = (index: number) => !found.some(({ path }) => isWithin(path, `records[${index}]`))
  const sound = records.filter((_record, index) => isSound(index))
  const { name, title, pings, vars } = content
  for (const part of [
    { ...content, records: sound },
    { name, title, pings, vars, records: sound },
    { name: 'any', title: 'any', records: sound },
  ]) {
    const result = definitionSchema.safeParse(part)
    if (result.success) return result.data
  }
  return null
}

/** Whether a file that extends another mapper has only keys and values that a mapper can have. */
export function checkPatch(file: MapperFile, findings: Finding[]): boolean {
  const result = patchSchema.safeParse(file.content, { error: plainWords })
  if (!result.success) findings.push(...findingsOf(result.error).map((one) => tellOf(file, one)))
  return result.success
}

/** A mapper with a file's changes; null if the two make none. */
export function extendDefinition(
  base: MapperDefinition,
  file: MapperFile,
  findings: Finding[],
): MapperDefinition | null {
  const merged = extendMapper({ ...base, replace: false }, file.content)
  const result = definitionSchema.safeParse(merged, { error: plainWords })
  const found = result.success ? mistakesIn(result.data, Object.keys(result.data.vars)) : findingsOf(result.error)
  const whole = merged as unknown as MapperDefinition
  findings.push(
    ...found.map((one) => {
      const own = placeIn(file, whole, one.path)
      // What the extended mapper says stands in another file.
      const path = one.path.replace(
        /^(records|pings)\[(\d+)\]/,
        (_, list: 'records' | 'pings', index) => `${list}[${String(whole[list][Number(index)]?.name)}]`,
      )
      return own === null ? { ...one, path, file: file.name } : { ...tellOf(file, { ...one, path: own }), path }
    }),
  )
  return result.success && found.length === 0 ? result.data : null
}

/** Where a part of the definition, such as `records[2].json.a`, stands in the file: one that extends another has only some of its records. Null: it does not. */
function placeIn(
  { content }: MapperFile,
  definition: Pick<MapperDefinition, 'records' | 'pings'>,
  path: string,
): string | null {
  const [all = '', list, index] = /^(records|pings)\[(\d+)\]/.exec(path) ?? []
  if (list !== 'records' && list !== 'pings') return path
  const name = definition[list]?.[Number(index)]?.name
  const own = content[list]
  const names = Array.isArray(own) ? own.map((entry: unknown) => (isObject(entry) ? entry['name'] : undefined)) : []
  if (names[Number(index)] === name) return path
  const at = names.lastIndexOf(name)
  return at === -1 ? null : `${pathText([list, at])}${path.slice(all.length)}`
}

/** Names that are taken, and expressions that do not compile: found at start, though no source may use the mapper yet. */
function mistakesIn(definition: MapperDefinition, vars: readonly string[]): readonly Finding[] {
  const issues: Finding[] = []
  for (const key of ['records', 'pings'] as const) {
    const names = definition[key].map(({ name }) => name)
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) === index) continue
      issues.push({ path: `${key}[${index}].name`, message: 'is the name of another one' })
    }
  }
  const timeLimitMs = 250
  const compiler = createCompiler({ timeLimitMs, issues, prefix: '', vars })
  const models = { any: { type: 'custom' } } // so that what is compiled for each model is compiled once
  compileMapper(definition, {
    source: '',
    vars: {},
    models,
    version: '',
    timeLimitMs,
    compiler,
    modelCompiler: compiler,
  })
  return issues
}
