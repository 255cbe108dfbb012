import { inspectStore } from '../../../store/open.ts'
import { type Check, type Diagnosis, diagnosing } from './diagnosis.ts'

/** Whether the store can be read, is ours and up to date, and who else may read it. */
export function checkStore(url: string): Check {
  const { good, warning } = diagnosing('store')
  return {
    check: 'store',
    name: null,
    async run(): Promise<readonly Diagnosis[]> {
      const { path, exists, isInUse, pendingMigrations, mode } = await inspectStore(url)
      if (!exists) return [good(`${path} is not there yet: the first start makes it`)]
      const use = isInUse ? 'a relay works on it' : 'no relay works on it'
      const pending =
        pendingMigrations === 0
          ? good(`${path}: ${use}, and it is up to date`)
          : warning(
              `${path}: ${use}; ${pendingMigrations} migrations are due`,
              'the next start runs them: make a backup before (cms-relay backup FILE)',
            )
      const loose = mode & 0o077
      if (!loose) return [pending]
      return [pending, warning(`${path}: others may read webhooks in it (${mode.toString(8)})`, `chmod 600 ${path}*`)]
    },
  }
}
