import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Where to put what has to be undone: at the end of the test, or of the file. */
export type AtEnd = (undo: () => void | Promise<void>) => void

/** An empty folder of its own, removed at the end. */
export function createFolder(atEnd: AtEnd = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'cms-relay-test-'))
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
