import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Where to put what has to be undone: at the end of the test, or of the file. */
export type AtEnd = (undo: () => void | Promise<void>) => void

/**
 * A file system in memory, if there is one with room. What a kill leaves is the same there, and no test cuts the power: on a disk,
 * thousands of commits would wait for it.
 */
const inMemory = '/dev/shm'
const base = isRoomy(inMemory) ? inMemory : tmpdir()

/** Containers have 64 MB there by default, which the larger databases of tests fill. */
function isRoomy(folder: string): boolean {
  if (!existsSync(folder)) return false
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize > 2 ** 30
}

/** An empty folder of its own, removed at the end. */
export function createFolder(atEnd: AtEnd = onTestFinished): string {
  const folder = mkdtempSync(join(base, 'cms-relay-test-'))
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
