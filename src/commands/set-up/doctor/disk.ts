import { constants, existsSync } from 'node:fs'
import { access, mkdtemp, open, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf } from '../../../domain/errors.ts'
import { type Check, type Diagnosis, diagnosing } from './diagnosis.ts'

const megabyte = 1024 * 1024
/** Room that a busy day and a migration need. */
const roomMb = { bad: 100, warning: 1024 }

// From linux/magic.h: SQLite's shared memory does not work over a network.
const networkDisks: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
])

/** Whether the folder of the store can be written, has room, and is on a disk of this machine. */
export function checkDisk(folder: string): Check {
  const { bad } = diagnosing('disk')
  return {
    check: 'disk',
    name: null,
    async run(): Promise<Diagnosis> {
      const there = existing(folder)
      if (!(await stat(there)).isDirectory()) return bad(`${there} is no folder`, 'name another place in `store`')
      try {
        await access(there, constants.W_OK)
      } catch {
        return bad(
          `${folder} can't be written`,
          `let the user of the relay write it: chown, or a volume that is not read-only`,
        )
      }
      const { bavail, bsize, type } = await statfs(there)
      return judgePlace({ type, freeMb: Math.floor((bavail * bsize) / megabyte) }, folder)
    },
  }
}

/** What a disk is to the store. `type` is the number of its file system. */
export function judgePlace({ type, freeMb }: { readonly type: number; readonly freeMb: number }, folder: string) {
  const network = networkDisks.get(type)
  if (network === undefined) return judgeRoom(freeMb, folder)
  const cure = 'SQLite needs a disk of this machine: take a block volume'
  return diagnosing('disk').bad(`${folder} is on ${network}`, cure)
}

/** What so much room is to the store. */
export function judgeRoom(freeMb: number, folder: string): Diagnosis {
  const { good, warning, bad } = diagnosing('disk')
  const free = `${freeMb >= 1024 ? `${(freeMb / 1024).toFixed(1)} GB` : `${freeMb} MB`} free in ${folder}`
  if (freeMb < roomMb.bad) return bad(free, 'make room: a full disk refuses webhooks')
  if (freeMb < roomMb.warning) return warning(free, 'make room before it is full: then webhooks are refused')
  return good(`${free}, and it can be written`)
}

const rounds = 20
/** Of one commit; slower disks are felt by senders. Milliseconds. */
const slowMs = 20

/** How quick a commit gets to the disk: each webhook is answered after one. */
export function checkSync(folder: string, limitMs = 2_000): Check {
  const { warning } = diagnosing('fsync')
  return {
    check: 'fsync',
    name: null,
    async run(): Promise<Diagnosis> {
      const took: number[] = []
      let own: string
      try {
        own = await mkdtemp(join(existing(folder), '.cms-relay-doctor-'))
      } catch (error) {
        return warning(`not measured: ${messageOf(error)}`, 'see disk')
      }
      try {
        await using file = await open(join(own, 'probe'), 'w', 0o600)
        const end = performance.now() + limitMs
        while (took.length < rounds && performance.now() < end) {
          await file.write(Buffer.alloc(4096), 0, 4096, 0)
          const start = performance.now()
          await file.sync()
          took.push(performance.now() - start)
        }
      } finally {
        await rm(own, { recursive: true, force: true })
      }
      return judgeSync(took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)] ?? 0)
    },
  }
}

/** What a disk that takes so long for one commit is to senders. */
export function judgeSync(medianMs: number): Diagnosis {
  const { good, warning } = diagnosing('fsync')
  const each = Math.max(1, Math.round(1000 / Math.max(medianMs, 0.01)))
  const words = `${medianMs.toFixed(medianMs < 10 ? 1 : 0)} ms: up to ${each} webhooks a second one by one, more side by side, for these share a commit`
  return medianMs < slowMs ? good(words) : warning(words, 'take a disk with a lower latency (local SSD) for the store')
}

/** The folder, or the nearest above it that is there: the relay makes the rest. */
function existing(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder))
}
