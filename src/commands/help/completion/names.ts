import { readdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { findConfigFile } from '../../../config/load.ts'
import type { Environment } from '../../../config/substitute.ts'
import { sourceTypes } from '../../../domain/ingest-item.ts'
import type { Named } from './complete.ts'

const ownMappers = fileURLToPath(new URL('../../../../mappers/', import.meta.url))

/** The names that a configuration has, though the rest of it may be wrong or half written; none if it can't be read at all. */
export function namesIn(what: Named, flag: string | undefined, env: Environment): readonly string[] {
  return allNames(what, flag, env).filter((name) => /^[\w.-]+$/.test(name)) // a shell takes others for more than a name
}

function allNames(what: Named, flag: string | undefined, env: Environment): readonly string[] {
  if (what === 'type') return sourceTypes
  const file = findConfigFile(flag, env)
  if (what === 'mapper') {
    const dir = file === null ? undefined : read(file)['mappers_dir']
    return [...mappersIn(ownMappers), ...(typeof dir === 'string' ? mappersIn(resolve(dirname(file!), dir)) : [])]
  }
  if (file === null) return what === 'source' ? ['demo', 'shop'] : ['sandbox'] // of sandbox mode
  const named = read(file)[`${what}s`]
  return typeof named === 'object' && named !== null ? Object.keys(named) : []
}

function read(file: string): Record<string, unknown> {
  try {
    return parse(readFileSync(file, 'utf8')) ?? {}
  } catch {
    return {}
  }
}

function mappersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).flatMap((name) => /^(.+)\.(ya?ml|[jt]s)$/.exec(name)?.[1] ?? [])
  } catch {
    return []
  }
}
