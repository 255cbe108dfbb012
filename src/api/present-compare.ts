import type { Comparison } from '../stages/operate/compare.ts'
import { snakeCase } from './present.ts'

/** A comparison as the API and the command line show it. */
export function presentComparison({ changes, ...about }: Comparison): Record<string, unknown> {
  return { ...snakeCase(about), changes: changes.map(snakeCase) }
}
