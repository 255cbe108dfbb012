import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

// What is measured has one core, the load and the sink (this process) the other.
const serverCore = '0'
const ownCore = '1'

/** Asked before this process is pinned, which changes the answer. */
export const cpuCount = availableParallelism()
export const pinned = cpuCount > 1 && spawnSync('taskset', ['-p', String(process.pid)]).status === 0

/** Moves this process, all of its threads, to the core that nothing under measurement uses. */
export function pinSelf(): void {
  if (pinned) spawnSync('taskset', ['-a', '-c', '-p', ownCore, String(process.pid)])
}

/** Where what is measured runs: on a core that it has to itself, or on whatever there is. */
export type Cores = 'one' | 'all'

/** A command line that runs there. */
export function onCores(
  cores: Cores,
  command: string,
  args: readonly string[],
): readonly [command: string, args: string[]] {
  const list = cores === 'one' ? serverCore : `0-${cpuCount - 1}`
  return pinned ? ['taskset', ['-c', list, command, ...args]] : [command, [...args]]
}
