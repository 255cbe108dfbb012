import type { Command } from 'commander'
import type { Environment } from '../../../config/substitute.ts'
import { print } from '../../shared/report.ts'
import { complete, files } from './complete.ts'
import { namesIn } from './names.ts'
import { type Shell, scripts } from './scripts.ts'

/** Prints the script that makes a shell complete our words. */
export function printScript(shell: Shell): void {
  print(null, { json: false, text: () => scripts[shell].trimEnd() })
}

/** Answers a shell: the words that may stand in the place of the last one, a line each. */
export function printCandidates(root: Command, words: readonly string[], env: Environment): void {
  const found = complete(root, words, (what) => namesIn(what, configIn(words), env))
  const lines = found === files ? [':files'] : found.map(({ word, does }) => `${word}  ${does}`)
  if (lines.length > 0) print(null, { json: false, text: () => lines })
}

/** The configuration that the line names so far. */
function configIn(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word === '-c' || word === '--config')
  const joined = words.find((word) => word.startsWith('--config='))
  return at >= 0 ? words[at + 1] : joined?.slice('--config='.length)
}
