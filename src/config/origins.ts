import { RelayError } from '../domain/errors.ts'
import { countText, type Finding, type Issue, inOrder, isWithin, pathText, withoutEchoes } from '../mistakes/issue.ts'
import { mayBeSecret } from '../mistakes/secret-names.ts'
import { tell } from '../mistakes/telling.ts'
import { shownFile, type YamlFile } from '../mistakes/yaml-file.ts'
import type { Reference } from './substitute.ts'

/** Where the values of a configuration came from, so that whatever is found wrong later can be shown in its place. */
export interface Origins {
  readonly file: string | null
  readonly yaml: YamlFile | null
  /** With everything filled in. */
  readonly document: unknown
  readonly references: readonly Reference[]
  /** Names of environment variables by the paths that they override. */
  readonly overrides: Readonly<Record<string, string>>
}

/** The member of a configuration that holds its origins: code that spreads it or lists its settings needs to know nothing of it. */
export const origins: unique symbol = Symbol('origins')

export interface HasOrigins {
  readonly [origins]?: Origins
}

/** Whether a value is what one reference of the file gave, so that its form is that of a variable: text. */
export function isFromVariable(config: HasOrigins, path: string): boolean {
  return config[origins]?.references.some(({ at, isWhole }) => isWhole && pathText(at) === path) ?? false
}

/** A configuration with mistakes, all of them in `details.issues`. */
export class ConfigError extends RelayError {
  readonly where: string
  readonly issues: readonly Issue[]

  constructor(where: string, issues: readonly Issue[]) {
    super('invalid', `${where}: ${countText(issues)}`, { details: { issues } })
    this.where = where
    this.issues = issues
  }
}

/** The mistakes that were found in a configuration as an error: each once, in its place, without what is secret. */
export function configError({ [origins]: known }: HasOrigins, findings: readonly Finding[]): ConfigError {
  return new ConfigError(known?.file == null ? 'configuration' : shownFile(known.file), [
    ...toldIn(known ?? nowhere, withoutEchoes(findings.slice(0, most))),
    ...restOf(findings),
  ])
}

/** Each takes time to be told in its place; what comes behind so many often has the same cause. */
const most = 500

function restOf(findings: readonly Finding[]): readonly Issue[] {
  const rest = findings.length - most
  return rest > 0 ? [{ path: '', message: `and ${rest} more: mend these first` }] : []
}

const nowhere: Origins = { file: null, yaml: null, document: null, references: [], overrides: {} }

function toldIn({ yaml, document, references, overrides }: Origins, findings: readonly Finding[]): readonly Issue[] {
  const variables = references.map(({ at, names }) => ({ path: pathText(at), name: names.join(' and ') }))
  const background = {
    ...{ file: yaml, document, raw: yaml?.content },
    sourceOf(path: string) {
      const outside = overrideOf(overrides, path)
      if (outside !== null) return `${outside} in the environment`
      return variables.find((one) => isWithin(path, one.path) || isWithin(one.path, path))?.name ?? null
    },
    isOutside: (path: string) => overrideOf(overrides, path) !== null,
  }
  const filledIn = new Set(variables.map(({ path }) => path))
  const secrets = yaml?.spansWhere((path) => mayBeSecret(path) && !filledIn.has(path)) ?? []
  const strange = findings
    .filter(({ isOfKey, isOfShape, path }) => (isOfKey || isOfShape) && !filledIn.has(path))
    .flatMap(({ path }) => yaml?.wholeSpanOf(path) ?? [])
  const hidden = [...secrets, ...strange]
  return inOrder(findings.map((finding) => tell(finding, background, hidden)))
}

function overrideOf(overrides: Origins['overrides'], path: string): string | null {
  return Object.entries(overrides).find(([own]) => isWithin(path, own))?.[1] ?? null
}
