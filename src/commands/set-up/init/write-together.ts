import { randomUUID } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { interruption } from '../../shared/interruption.ts'

export interface FileToWrite {
  readonly path: string
  readonly text: string
  readonly mode: number
  /** Whether a file of that name may be replaced. */
  readonly replaces: boolean
}

/**
 * Writes all files or none, in their order: each whole beside its place first, then all put there. Ctrl-C waits for the end. Throws
 * what the file system says; `EEXIST` if a file that may not be replaced has come meanwhile.
 */
export function writeTogether(files: readonly FileToWrite[]): void {
  using _interrupted = interruption()
  const written: { readonly from: string; readonly to: string; readonly replaces: boolean }[] = []
  try {
    for (const { path, text, mode, replaces } of files) {
      const to = existsSync(path) ? realpathSync(path) : path // a link stays a link
      const from = `${to}.${randomUUID().slice(0, 8)}.tmp`
      written.push({ from, to, replaces })
      writeWhole(from, text, mode)
    }
    for (const { from, to, replaces } of written) {
      if (replaces) renameSync(from, to)
      else putNew(from, to)
    }
  } finally {
    for (const { from } of written) rmSync(from, { force: true })
  }
}

/** A link fails if there is a file. Where a disk knows no links, the moment between a look and a name is not closed. */
function putNew(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || existsSync(to)) throw error
    renameSync(from, to)
  }
}

function writeWhole(path: string, text: string, mode: number): void {
  const file = openSync(path, 'wx', mode)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
