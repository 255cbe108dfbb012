import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { dotEnvOf } from './dot-env.ts'

export interface ConfigFiles {
  /** Whether something of it has changed since the last look, and has come to rest: two looks have found the same. */
  look(): boolean
}

/**
 * Watches all that a configuration is read from: the file, `.env` beside it, the secrets that it names by `${file:…}`, and the folder
 * of mappers. By looking, not by the events of a file system: links that Kubernetes exchanges and network disks tell of none.
 */
export function watchConfigFiles(file: string, mappersDir: () => string | undefined): ConfigFiles {
  const read = () => [file, dotEnvOf(file), ...secretFilesOf(file), mappersDir()].flatMap(stateOf).join('\n')
  let known = read()
  let last = known
  return {
    look() {
      const now = read()
      const isAtRest = now === last
      last = now
      if (!isAtRest || now === known) return false
      known = now
      return true
    },
  }
}

/** The secret files of a configuration, as it names them, whether the rest of it is valid or not. */
export function secretFilesOf(file: string): readonly string[] {
  try {
    return [...readFileSync(file, 'utf8').matchAll(/\$\{file:([^}]+)\}/g)].map(([, path = '']) => path)
  } catch {
    return []
  }
}

/** What tells one state of a file, or of the files in a folder, from another. Links are followed. */
function stateOf(path: string | undefined): readonly string[] {
  if (path === undefined) return []
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true })
  if (!stat?.isDirectory())
    return [`${path} ${stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}` : 'is not there'}`]
  return readdirSync(path)
    .sort()
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => [name, ...fileStateOf(join(path, name))])
}

function fileStateOf(path: string): readonly string[] {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? [] : stateOf(path)
}
