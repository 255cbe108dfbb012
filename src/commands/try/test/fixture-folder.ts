import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { sourceSchema } from '../../../config/schema.ts'
import { messageOf, RelayError } from '../../../domain/errors.ts'
import { modelsSchema } from '../../../mapping/definition/models.ts'
import { htmlPolicySchema } from '../../../mapping/safe-html/mapper.ts'

/** How a source and its destination are configured while the fixtures of a folder are mapped: its `source.yaml`. */
const settingsSchema = z.strictObject({
  mapper: z.string().optional(),
  vars: z.record(z.string(), z.unknown()).default({}),
  models: modelsSchema.default({}),
  html: htmlPolicySchema.default('safe'),
  verify: sourceSchema.shape.verify,
  site_domain: z.string().default('example.com'),
  aliases: z.array(z.string()).default([]),
  default_language: z.string().default('en'),
})
export type FixtureSettings = z.output<typeof settingsSchema>

const expectedEnd = '.expected.json'

/** A folder with fixtures. */
export interface FixtureFolder {
  readonly path: string
  readonly name: string
  /** As it is shown: from the folder that was asked for. */
  readonly label: string
  /** Without the end of their files. */
  readonly fixtures: readonly string[]
  /** Expectations of fixtures that are not there. */
  readonly orphans: readonly string[]
  readonly settings: FixtureSettings
}

/** A folder and those below it, if there are fixtures in them. */
export function findFixtureFolders(root: string): readonly FixtureFolder[] {
  const names = readdirSync(root, { recursive: true, withFileTypes: true })
  const paths = names.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
  const folders = [root, ...paths.map(({ parentPath, name }) => join(parentPath, name))].sort()
  return folders.flatMap((path) => readFolder(path, relative(root, path)))
}

function readFolder(path: string, label: string): readonly FixtureFolder[] {
  const files = readdirSync(path).filter((name) => name.endsWith('.json'))
  const named = (end: string) => files.filter((name) => name.endsWith(end)).map((name) => basename(name, end))
  const expected = named(expectedEnd)
  const fixtures = named('.json').filter((name) => !name.endsWith('.expected'))
  if (files.length === 0) return []
  const orphans = expected.filter((name) => !fixtures.includes(name))
  const name = basename(resolve(path))
  return [{ path, name, label: label || name, fixtures, orphans, settings: readSettings(path) }]
}

/** The settings of a folder of fixtures. */
export function readSettings(folder: string): FixtureSettings {
  const file = join(folder, 'source.yaml')
  if (!existsSync(file)) return settingsSchema.parse({})
  let content: unknown
  try {
    content = parse(readFileSync(file, 'utf8')) ?? {}
  } catch (error) {
    throw new RelayError('invalid', `${file} is not YAML: ${messageOf(error)}`)
  }
  const result = settingsSchema.safeParse(content)
  if (!result.success) throw new RelayError('invalid', `${file}: ${z.prettifyError(result.error)}`)
  return result.data
}

/** The file of a fixture, and that of what it should come to. */
export function filesOf(folder: string, fixture: string): { readonly fixture: string; readonly expected: string } {
  return { fixture: join(folder, `${fixture}.json`), expected: join(folder, `${fixture}${expectedEnd}`) }
}
