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

/** A command line that runs on the core of what is measured. */
export function onServerCore(command: string, args: readonly string[]): readonly [command: string, args: string[]] {
  return pinned ? ['taskset', ['-c', serverCore, command, ...args]] : [command, [...args]]
}
