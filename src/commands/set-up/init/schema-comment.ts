import { existsSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import packageJson from '../../../../package.json' with { type: 'json' }

/**
 * The first line of a file that the relay reads, from which editors know its keys. The schema is the one that was installed if that is
 * below the file's folder, else the published one of the same version.
 */
export function schemaComment(file: string, kind: 'relay' | 'mapper' = 'relay'): string {
  return `# yaml-language-server: $schema=${schemaFor(resolve(file), `schemas/${kind}.schema.json`)}`
}

function schemaFor(file: string, schema: string): string {
  const folder = dirname(file)
  const near = [resolve(folder, 'node_modules/cms-relay', schema), resolve(folder, schema)].find((one) =>
    existsSync(one),
  )
  if (near !== undefined) return `./${relative(folder, near).split(sep).join('/')}`
  return `https://unpkg.com/cms-relay@${packageJson.version}/${schema}`
}
