import type { Environment } from '../config/substitute.ts'
import { createProgram } from './program.ts'
import { reportFailure } from './shared/failure.ts'

/** Runs what was typed, and tells what went wrong. Answers the exit code: 0 done, 1 failed, 2 wrong use. */
export async function runCommandLine(args: readonly string[], env: Environment): Promise<number> {
  try {
    await createProgram(env).parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    return reportFailure(error, { json: isJsonAsked(args), write: (text) => process.stderr.write(text) })
  }
}

/** Judged before anything is parsed: what can't be parsed is told as JSON as well. */
function isJsonAsked(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end < 0 ? args : args.slice(0, end)).includes('--json')
}
