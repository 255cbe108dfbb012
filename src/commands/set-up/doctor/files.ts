import { existsSync, readFileSync, statSync } from 'node:fs'
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
        ...(config.mappers_dir !== undefined && existsSync(config.mappers_dir)
          ? [judged(config.mappers_dir, false)]
          : []),
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

function holdsSecrets(file: string, config: Config): boolean {
  const text = readFileSync(file, 'utf8')
  return secretsOf(config).some((secret) => secret.length >= 8 && text.includes(secret))
}
