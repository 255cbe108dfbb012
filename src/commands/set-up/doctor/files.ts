import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { dotEnvOf } from '../../../config/dot-env.ts'
import { secretFilesOf } from '../../../config/files.ts'
import type { Config } from '../../../config/schema.ts'
import { secretsOf } from '../../../config/secrets.ts'
import { type Check, type Diagnosis, diagnosing } from './diagnosis.ts'

/** Where a platform puts secrets that only the container sees; Docker lets everybody in it read them. */
const ofPlatform = /^\/(var\/)?run\/secrets\//

/** Who else may read or write the files that the configuration is read from. */
export function checkFiles(file: string, config: Config): Check {
  return {
    check: 'permissions',
    name: null,
    async run() {
      const env = dotEnvOf(file)
      const secretFiles = secretFilesOf(file).filter((path) => !ofPlatform.test(path))
      const found = [
        judged(file, holdsSecrets(file, config)),
        ...(existsSync(env) ? [judged(env, true)] : []),
        ...secretFiles.filter((path) => existsSync(path)).map((path) => judged(path, true)),
        ...foldersOf(file, config).map(judgedFolder),
        ...mapperFilesIn(config.mappers_dir).map((path) => judged(path, false)),
      ]
      const wrong = found.filter(({ verdict }) => verdict !== 'good')
      return wrong.length > 0
        ? wrong
        : [diagnosing('permissions').good('of configuration, .env, secret files and mappers are tight')]
    },
  }
}

function judged(path: string, isSecret: boolean): Diagnosis {
  const { good, warning, bad } = diagnosing('permissions', path)
  const { mode } = statSync(path)
  const octal = (mode & 0o777).toString(8)
  if (mode & 0o002) return bad(`anybody on this machine may write ${path} (${octal})`, `chmod o-w ${path}`)
  if (isSecret && mode & 0o004)
    return warning(`${path} holds secrets, and anybody on this machine may read it (${octal})`, `chmod 600 ${path}`)
  return good(octal)
}

/** The folders in which a file could be exchanged for another: of the configuration with its `.env`, and of the mappers, which are code. */
function foldersOf(file: string, { mappers_dir: mappers }: Config): readonly string[] {
  const folders = [dirname(file), ...(mappers !== undefined && existsSync(mappers) ? [mappers] : [])]
  return [...new Set(folders.map((path) => resolve(path)))]
}

/** In one with the sticky bit, such as /tmp, others can't exchange a file, and can add one. */
function judgedFolder(path: string): Diagnosis {
  const { good, bad } = diagnosing('permissions', path)
  const { mode } = statSync(path)
  const octal = (mode & 0o7777).toString(8)
  if (mode & 0o002) return bad(`anybody on this machine may put files into ${path} (${octal})`, `chmod o-w ${path}`)
  return good(octal)
}

function mapperFilesIn(folder: string | undefined): readonly string[] {
  if (folder === undefined || !existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => /\.(ya?ml|[cm]?[jt]s)$/.test(name))
  return names.map((name) => join(folder, name)).filter((path) => existsSync(path))
}

function holdsSecrets(file: string, config: Config): boolean {
  const text = readFileSync(file, 'utf8')
  return secretsOf(config).some((secret) => secret.length >= 8 && text.includes(secret))
}
