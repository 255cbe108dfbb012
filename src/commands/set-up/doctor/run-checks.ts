import { messageOf } from '../../../domain/errors.ts'
import { type Check, type Diagnosis, diagnosing } from './diagnosis.ts'

/** Runs checks side by side, each for so long at most. In the order of the checks. */
export async function runChecks(checks: readonly Check[], limitMs: number): Promise<readonly Diagnosis[]> {
  const found = await Promise.all(checks.map((check) => runOne(check, limitMs)))
  return found.flat()
}

async function runOne({ check, name, run }: Check, limitMs: number): Promise<readonly Diagnosis[]> {
  const { bad } = diagnosing(check, name)
  const controller = new AbortController()
  const late = Promise.withResolvers<Diagnosis>()
  const timer = setTimeout(() => {
    late.resolve(
      bad(`no result within ${limitMs / 1000} s`, 'try again; if it stays so, look at the network or the disk'),
    )
    controller.abort()
  }, limitMs)
  try {
    const work = run(controller.signal).catch((error: unknown) => bad(messageOf(error), null))
    return [await Promise.race([work, late.promise])].flat()
  } finally {
    clearTimeout(timer)
  }
}
