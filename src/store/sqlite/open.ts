import { setTimeout } from 'node:timers/promises'
import type { ItemFilter, Moved, Store } from '../contract/store.ts'
import type { ChosenItems, ItemTaking, PickRange } from '../shared/choose.ts'
import { createGroupCommit } from '../shared/group-commit.ts'
import { nothingMoved } from '../shared/moves.ts'
import { createSteps, createTurn } from '../shared/steps.ts'
import type { DatabaseOptions } from './database.ts'
import type { Engine } from './engine.ts'
import { leased } from './leased.ts'
import { dropPreparedThread, type Link, linkThread } from './link.ts'
import { lockDatabase } from './lock.ts'
import { createPacker } from './pack.ts'
import { createReader } from './reader.ts'

export interface SqliteOptions extends Omit<DatabaseOptions, 'readOnly' | 'check' | 'isLocked' | 'onPrepare'> {
  /** Be the only relay on this file, and look it through: a second one is refused. A CLI beside a running relay leaves it out. */
  readonly lock?: boolean
  /** Run SQLite in a thread of its own, so that nobody waits while it waits for the disk. Not for `:memory:`. */
  readonly thread?: boolean
  /** From this size on, lists are read in a thread of their own. Bytes. */
  readonly readerFrom?: number
  /** The store's clock: what is due and which leases are over goes by it. Unix milliseconds. */
  readonly now?: () => number
}

/** Opens the store in a SQLite file, or for tests in `:memory:`. Creates the file, its folder and its schema. */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<Store> {
  const { lock = false, thread = path !== ':memory:', now = Date.now, readerFrom, ...rest } = options
  const unlock = lock && path !== ':memory:' ? lockDatabase(path) : () => {}
  try {
    const checked = { ...rest, check: lock, isLocked: lock }
    const writer = thread ? await linkThread(path, checked) : await openHere(path, checked)
    const reader = thread ? createReader(path, rest, writer, readerFrom) : writer
    const store = createStore(writer, reader, { unlock, isBeside: !lock && path !== ':memory:', now })
    if (lock) await takeBackAll(writer, now()).catch((error) => store.close().then(() => Promise.reject(error)))
    return store
  } catch (error) {
    unlock()
    throw error
  }
}

/** A relay's engine runs in a thread: this one does not read its code. */
async function openHere(path: string, options: DatabaseOptions): Promise<Link> {
  await dropPreparedThread()
  return (await import('./link-here.ts')).linkHere(path, options)
}

/** All owners of claims and leases are gone: the lock says so. */
async function takeBackAll(writer: Link, at: number): Promise<void> {
  await writer.call('recover', { at, all: true })
}

interface Standing {
  readonly unlock: () => void
  /** Another process may be the relay, which must get the write lock between two steps. */
  readonly isBeside: boolean
  readonly now: () => number
}

/** Adds the time to calls that are judged by it: a function can't be passed to the thread of an engine. */
function createStore(writer: Link, reader: Link, { unlock, isBeside, now }: Standing): Store {
  const pack = createPacker()
  const group = createGroupCommit((events) => writer.call('acceptAll', pack(events)))

  const inTurn = createTurn(isBeside ? setTimeout : null)
  const steps = createSteps(inTurn)

  /** Events are listed from where mapping finds them. In steps, so that webhooks get their turn. */
  async function spreadAll(): Promise<void> {
    while ((await inTurn(() => writer.call('spread', spreadStep))) > 0) {}
  }

  function itemsInSteps(
    purpose: ItemTaking,
    filter: ItemFilter,
    { limit, at }: { readonly limit: number; readonly at: number },
    change: (chosen: ChosenItems) => Promise<number>,
  ): Promise<number> {
    const pick = (range: PickRange) => reader.call('pickItems', purpose, filter, at, range)
    return steps(limit, pick, (seqs) => change({ ...filter, seqs }))
  }

  async function movedInSteps(
    filter: ItemFilter,
    limit: number,
    move: (chosen: ChosenItems) => Promise<Moved>,
  ): Promise<Moved> {
    const total = { ...nothingMoved }
    await itemsInSteps('move', filter, { limit, at: 0 }, async (chosen) => {
      const counts = await move(chosen)
      for (const name of Object.keys(total) as (keyof Moved)[]) total[name] += counts[name]
      return chosen.seqs.length // the limit is one of items that are looked at
    })
    return total
  }

  /** The same, told the time in a last argument. */
  function timed<Name extends keyof Engine & keyof Store>(names: readonly Name[]): Pick<Store, Name> {
    const call: Link['call'] = (name, ...args) => writer.call(name, ...([...args, now()] as never))
    return passedOn({ call }, names)
  }

  let closing: Promise<void> | null = null

  async function closeAll(): Promise<void> {
    try {
      await group.idle()
      if (reader !== writer) await reader.call('close')
      const isClosed = await writer.call('close')
      if (!isClosed && writer !== reader) dieAtExit()
    } finally {
      unlock()
    }
  }

  return {
    accept: group.accept,
    ...passedOn(writer, ['nextFetchAt', 'nextDueAt', 'newestTime', 'sealBatch', 'recordAttempt', 'addTurnedAway']),
    ...passedOn(writer, [
      'circuitsSince',
      'changeCircuit',
      'readRhythms',
      'writeRhythms',
      'readTargets',
      'writeTarget',
    ]),
    ...passedOn(writer, ['shrink', 'checkHealth', 'checkFiles']),
    ...passedOn(reader, ['chooseEvents', 'chooseItems', 'groupEventErrors', 'groupItemErrors', 'groupRefusals']),
    ...passedOn(reader, ['listItems', 'getItems', 'listBatches', 'listAttempts', 'listRefusals', 'readStats']),
    ...timed(['settleEvents', 'settleBatch', 'removeItem', 'releaseItem', 'abandonBatches', 'lease']),
    claimEvents: (claim) => writer.call('claimEvents', leased(claim, now())),
    claimWaiting: (claim) => writer.call('claimWaiting', leased(claim, now())),
    async releaseWaiting(sources, limit) {
      const seqs = await reader.call('pickForeign', sources, limit)
      return seqs.length > 0 ? writer.call('releaseWaiting', seqs) : 0
    },
    claimItems: (claim) => writer.call('claimItems', leased(claim, now())),
    async claimBatch(claim) {
      const batch = await writer.call('claimBatch', leased(claim, now()))
      return batch && { ...batch, body: bufferOf(batch.body) }
    },
    recover({ owner, longestWaitMs } = {}) {
      const at = now()
      const latest = longestWaitMs === undefined ? {} : { latest: at + longestWaitMs }
      return writer.call('recover', { at, ...(owner !== undefined && { owner }), ...latest })
    },
    onWork: () => () => {}, // only commands work beside the one relay, and polling finds what they bring
    replayEvents({ last, ...filter }, limit) {
      const pick = (range: PickRange) =>
        reader.call('pickEvents', 'replay', last === undefined ? filter : { ...filter, last }, range)
      return steps(limit, pick, (ids) => writer.call('replayEvents', { ...filter, ids }), last)
    },
    redeliverItems: (filter, limit, at) =>
      itemsInSteps('redeliver', filter, { limit, at }, (chosen) => writer.call('redeliverItems', chosen, at)),
    resetItems: (filter, limit, at) =>
      itemsInSteps('reset', filter, { limit, at }, (chosen) => writer.call('resetItems', chosen, at)),
    purgeEvents: (filter, limit) =>
      steps(
        limit,
        (range) => reader.call('pickEvents', 'purge', filter, range),
        (ids) => writer.call('purgeEvents', { ...filter, ids }),
      ),
    purgeItems: (filter, limit) =>
      itemsInSteps('purge', filter, { limit, at: 0 }, (chosen) => writer.call('purgeItems', chosen)),
    giveUpItems: (filter, limit) =>
      itemsInSteps('give up', filter, { limit, at: 0 }, (chosen) => writer.call('giveUpItems', chosen)),
    moveItems: (filter, to, limit) =>
      movedInSteps(filter, limit, (chosen) =>
        to.dryRun ? reader.call('judgeMoves', chosen, to) : writer.call('moveItems', chosen, to, now()),
      ),
    resendItems: (to) =>
      movedInSteps({ destination: to.destination }, Number.POSITIVE_INFINITY, (chosen) =>
        writer.call('resendItems', chosen, to, now()),
      ),
    async listOtherSources(known) {
      await spreadAll()
      return reader.call('listOtherSources', known)
    },
    noteWaiting: async () => writer.call('writeWaiting', await reader.call('readWaiting'), now()),
    async readStatsSeries(query) {
      await spreadAll() // accepted events are counted when they leave the inbox
      return reader.call('readStatsSeries', query)
    },
    async listEvents(filter, page) {
      await spreadAll()
      return reader.call('listEvents', filter, page)
    },
    async getEvent(id) {
      await spreadAll()
      const event = await reader.call('getEvent', id)
      return event && { ...event, body: bufferOf(event.body) }
    },
    async prune({ events, attempts }, limit) {
      const at = now()
      const before = { events: at - events, attempts: at - attempts }
      return writer.call('prune', await reader.call('pickOld', before, limit), before)
    },
    close: () => {
      closing ??= closeAll()
      return closing
    },
  }
}

/** Methods that an engine answers just as the store does. */
function passedOn<Name extends keyof Engine & keyof Store>(link: Link, names: readonly Name[]): Pick<Store, Name> {
  const call =
    (name: Name) =>
    (...args: unknown[]) =>
      link.call(name, ...(args as Parameters<Engine[Name]>))
  return Object.fromEntries(names.map((name) => [name, call(name)])) as unknown as Pick<Store, Name>
}

/** However a process ends of itself, its connections are closed, and the last one works the log into the database. Killed, it does not. */
function dieAtExit(): void {
  process.once('exit', () => process.kill(process.pid, 'SIGKILL'))
}

const spreadStep = 1_000
/** A buffer that has come from another thread is a bare Uint8Array. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
