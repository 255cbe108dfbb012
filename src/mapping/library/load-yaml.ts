import { readFileSync } from 'node:fs'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { messageOf } from '../../domain/errors.ts'
import { isObject } from '../../json/kind.ts'
import { createCompiler } from '../compile/field.ts'
import { compileMapper } from '../compile/yaml-mapper.ts'
import { definitionSchema, type MapperDefinition, patchSchema } from '../definition/definition.ts'
import { extendMapper } from '../definition/extend.ts'
import { type Issue, issuesOf } from '../definition/issues.ts'

/** A mapper file that is YAML, with what is needed to say on which line something stands. */
export interface YamlFile {
  readonly label: string
  readonly content: Record<string, unknown>
  lineOf(path: readonly PropertyKey[]): number | null
}

/** Null if the file is not a YAML map; its mistakes are in `issues`, with their lines. */
export function readYamlFile(path: string, label: string, issues: Issue[]): YamlFile | null {
  const lines = new LineCounter()
  let document: Document
  let content: unknown
  try {
    document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines, prettyErrors: false })
    for (const { message, pos } of document.errors) {
      issues.push({ path: `${label}: line ${lines.linePos(pos[0]).line}`, message: message.split('\n')[0] ?? message })
    }
    if (document.errors.length > 0) return null
    content = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    issues.push({ path: label, message: messageOf(error) })
    return null
  }
  if (!isObject(content)) {
    issues.push({ path: label, message: 'must be a map with name, title and records' })
    return null
  }
  const lineOf = (at: readonly PropertyKey[]) => {
    for (let length = at.length; length > 0; length -= 1) {
      const node = document.getIn(at.slice(0, length), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return null
  }
  return { label, content, lineOf }
}

/** The mapper in a file; null if it has mistakes, which are then in `issues`. `shallow`: expressions are not compiled. */
export function checkDefinition(file: YamlFile, issues: Issue[], shallow = false): MapperDefinition | null {
  const result = definitionSchema.safeParse(file.content)
  if (result.success) return shallow || compiles(result.data, file, issues) ? result.data : null
  addIssues(file, result.error, issues)
  return null
}

/** Whether a file that extends another mapper has only keys and values that a mapper can have. */
export function checkPatch(file: YamlFile, issues: Issue[]): boolean {
  const result = patchSchema.safeParse(file.content)
  if (!result.success) addIssues(file, result.error, issues)
  return result.success
}

/** A mapper with a file's changes; null if the two make none. */
export function extendDefinition(base: MapperDefinition, file: YamlFile, issues: Issue[]): MapperDefinition | null {
  const merged = extendMapper({ ...base, replace: false }, file.content)
  const result = definitionSchema.safeParse(merged)
  if (result.success) return compiles(result.data, file, issues) ? result.data : null
  const records = merged['records'] as readonly { name?: unknown }[]
  for (const { path, message } of issuesOf(result.error)) {
    const named = path.replace(/^records\[(\d+)\]/, (_, index) => `records[${String(records[Number(index)]?.name)}]`)
    issues.push({ path: `${file.label}: ${named}`, message })
  }
  return null
}

function addIssues({ label, lineOf }: YamlFile, error: Parameters<typeof issuesOf>[0], issues: Issue[]): void {
  for (const { path, at, message } of issuesOf(error)) {
    const line = lineOf(at)
    issues.push({
      path: path === '' ? label : `${label}: ${path}`,
      message: message + (line === null ? '' : ` (line ${line})`),
    })
  }
}

/** Whether names are unique and every expression compiles: found at start, though no source may use the mapper yet. */
function compiles(definition: MapperDefinition, file: YamlFile, issues: Issue[]): boolean {
  const found = mistakesIn(definition)
  for (const { path, message } of found) {
    const line = file.lineOf(placeIn(file, definition, path))
    issues.push({ path: `${file.label}: ${path}`, message: message + (line === null ? '' : ` (line ${line})`) })
  }
  return found.length === 0
}

/** Where a part of the definition, such as `records[2].json.a`, stands in the file: one that extends another has only some of its records. */
function placeIn({ content }: YamlFile, definition: MapperDefinition, path: string): PropertyKey[] {
  const place: PropertyKey[] = [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key]) =>
    index === undefined ? (key ?? '') : Number(index),
  )
  const [list, index] = place
  if ((list !== 'records' && list !== 'pings') || typeof index !== 'number') return place
  const name = definition[list][index]?.name
  const own = content[list]
  const names = Array.isArray(own) ? own.map((entry: unknown) => (isObject(entry) ? entry['name'] : undefined)) : []
  if (names[index] === name) return place
  const at = names.lastIndexOf(name)
  return at === -1 ? [] : [list, at, ...place.slice(2)]
}

function mistakesIn(definition: MapperDefinition): readonly Issue[] {
  const issues: Issue[] = []
  for (const key of ['records', 'pings'] as const) {
    const names = definition[key].map(({ name }) => name)
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) === index) continue
      issues.push({ path: `${key}[${index}].name`, message: `'${name}' is the name of another one` })
    }
  }
  const timeLimitMs = 250
  const compiler = createCompiler({ timeLimitMs, issues, prefix: '' })
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
