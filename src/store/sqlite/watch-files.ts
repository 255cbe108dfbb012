import { type BigIntStats, closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { messageOf, RelayError } from '../../domain/errors.ts'
import type { StoreFiles } from '../contract/store.ts'
import { numberInHeader, runOf } from './open-mark.ts'

/** The files of an open database, looked at from outside. */
export interface FileWatch {
  /**
   * Throws RelayError `unavailable` if what stands at their paths is not what is open: deleted, moved, replaced or overwritten.
   * What is committed then is gone with the process. If the same files are back as they were, all is well again.
   */
  expectSame(): void
  /** The number that has come home to the database file, see open-mark.ts. */
  homeNumber(): number
  sizes(): StoreFiles
  /** Whether the database file itself was written to by somebody else: to close it well would work its log into that. */
  isOverwritten(): boolean
  /** Only after SQLite has closed its own: to close one gives up the locks that SQLite has on it. */
  close(): void
}

interface Watched {
  readonly file: string
  readonly id: string
}

/** What of the database file changes only with a checkpoint. */
interface Content {
  readonly header: Buffer
  readonly size: number
  readonly checkpoint: string
}

/** Begins to watch a database that has just been opened: `path` as it was given, `real` without links. */
export function watchFiles(path: string, real: string, run: number): FileWatch {
  const watched = [path, `${real}-wal`, `${real}-shm`, `${real}-lock`].map((file) => ({ file, id: idOf(file) }))
  // Kept open as long as SQLite has them: closing one of them would give up the locks of this process.
  const [database, log, index] = [real, `${real}-wal`, `${real}-shm`].map((file) => openSync(file, 'r')) as [
    number,
    number,
    number,
  ]
  let overwritten: string | null = null
  let known = readContent()

  function expectSame(): void {
    for (const one of watched) {
      const finding = whatHappenedTo(one)
      if (finding !== null) throw lost(finding, 'Put the same files back, or stop the relay and restore a backup')
    }
    overwritten ??= whatWasWritten()
    if (overwritten !== null) throw lost(overwritten, 'Stop the relay and restore a backup')
  }

  function lost(finding: string, cure: string): RelayError {
    const text = `database ${path} is no longer the one that is open: ${finding}. Nothing is taken until that is mended. ${cure} (docs/recovery.md)`
    return new RelayError('unavailable', text, { retryAfterMs: lostRetryAfterMs })
  }

  // A checkpoint notes how far it means to come before it writes, and how far it came after. What has changed without such a
  // note, nobody has changed through SQLite.
  function whatWasWritten(): string | null {
    const before = known
    const now = readContent()
    if (run !== 0 && runOf(numberInHeader(now.header)) !== run && runOf(numberInHeader(before.header)) === run) {
      return `${real} was overwritten with another database`
    }
    known = now
    const isSame = now.size === before.size && now.header.equals(before.header)
    if (!isSame && now.checkpoint === before.checkpoint && checkpointNote() === now.checkpoint && !isUnderWay()) {
      return now.size < before.size ? `${real} was cut short` : `${real} was overwritten`
    }
    return whatWasWrittenToLog(now)
  }

  function whatWasWrittenToLog({ header }: Content): string | null {
    const { frames, salts } = readIndex()
    if (frames === 0) return null
    const pageSize = header.length < 18 ? 0 : header.readUInt16BE(16)
    const expected = logHeader + frames * (frameHeader + (pageSize === 1 ? 65_536 : pageSize))
    const has = read(log, 16, 8)
    if (sizeOf(log) >= expected && has.equals(salts)) return null
    // Read again: a checkpoint may have begun the log anew between one look and the other.
    const again = readIndex()
    return again.frames === frames && again.salts.equals(salts) ? `${real}-wal was overwritten or cut short` : null
  }

  function readContent(): Content {
    const checkpoint = checkpointNote()
    return { checkpoint, header: read(database, 0, 100), size: sizeOf(database) }
  }

  // The places are those of https://www.sqlite.org/walformat.html#the_wal_index_file_format, in this machine's byte order.
  function readIndex(): { readonly frames: number; readonly salts: Buffer; readonly home: number } {
    const header = read(index, 0, 136)
    if (header.length < 136) return { frames: 0, salts: Buffer.alloc(0), home: 0 }
    return { frames: littleOrBig(header, 16), salts: header.subarray(32, 40), home: littleOrBig(header, 96) }
  }

  function checkpointNote(): string {
    const header = read(index, 0, 136)
    return header.length < 136
      ? ''
      : Buffer.concat([header.subarray(32, 40), header.subarray(96, 100), header.subarray(128, 132)]).toString('hex')
  }

  function isUnderWay(): boolean {
    const header = read(index, 0, 136)
    return header.length < 136 || littleOrBig(header, 96) !== littleOrBig(header, 128)
  }

  return {
    expectSame,
    homeNumber: () => numberInHeader(read(database, 0, 100)),
    sizes() {
      const { frames, home } = readIndex()
      return { logBytes: sizeOf(log), logPages: Math.max(0, frames - home) }
    },
    isOverwritten: () => overwritten !== null,
    close() {
      for (const descriptor of [database, log, index]) closeSync(descriptor)
    },
  }
}

const logHeader = 32
const frameHeader = 24
/** Nothing mends itself here. */
const lostRetryAfterMs = 30_000
const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

function littleOrBig(bytes: Buffer, at: number): number {
  return isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}

function whatHappenedTo({ file, id }: Watched): string | null {
  try {
    const now = idOf(file)
    if (now === id) return null
    return now === 'none' ? `${file} was deleted or moved away` : `${file} was replaced`
  } catch (error) {
    return `${file} can't be looked at: ${messageOf(error)}`
  }
}

function idOf(file: string): string {
  const stat: BigIntStats | undefined = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? 'none' : `${stat.dev}:${stat.ino}`
}

function sizeOf(descriptor: number): number {
  return fstatSync(descriptor).size
}

function read(descriptor: number, from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, from))
}
