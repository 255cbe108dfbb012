import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/store/sqlite/database.ts'
import { createInbox, type Inbox } from '../../src/store/sqlite/inbox.ts'
import { createPacker, deliveryKeyOf, type PackedEvents } from '../../src/store/sqlite/pack.ts'
import fc from '../fast-check.ts'
import { createFolder } from '../folder.ts'
import { runsOf } from '../fuzz/runs.ts'
import { webhook } from './support.ts'

// Two processes over one file, with limits so small that all that memory knows is outgrown, learned again and forgotten.

/** A relay, or a command beside it. */
interface Process {
  readonly database: Database
  readonly inbox: Inbox
}

interface Delivery {
  readonly source: string
  readonly id: string | null
}

type AcceptStep = 'accept' | 'accept in vain' | 'accept while the other writes'
type CountStep = 'spread' | 'spread a source' | 'spread in vain' | 'run out of disk' | 'prune'
type Step =
  | { readonly do: AcceptStep; readonly by: number; readonly deliveries: readonly Delivery[] }
  | { readonly do: CountStep; readonly by: number; readonly count: number }
  | { readonly do: 'restart'; readonly by: number }
type OneStep = Exclude<Step, { do: 'restart' }>

const numRuns = runsOf(60)
const by = fc.nat({ max: 1 })
const count = fc.integer({ min: 1, max: 60 })
const id = fc.oneof(
  { weight: 12, arbitrary: fc.nat({ max: 400 }).map((number) => `d${number}`) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom('', '\0', 'a\0b', 'a', 'é', 'e\u0301', '\ufeff', 'shop\nd1', '\u{1f6d2}') },
)
const deliveries = fc.array(fc.record({ source: fc.constantFrom('shop', 'blog'), id }), { minLength: 1, maxLength: 40 })
const accepts = (weight: number, ...names: AcceptStep[]) => {
  return { weight, arbitrary: fc.record({ do: fc.constantFrom(...names), by, deliveries }) }
}
const counts = (weight: number, ...names: CountStep[]) => {
  return { weight, arbitrary: fc.record({ do: fc.constantFrom(...names), by, count }) }
}
const step: fc.Arbitrary<Step> = fc.oneof(
  accepts(12, 'accept'),
  accepts(2, 'accept in vain', 'accept while the other writes'),
  counts(6, 'spread'),
  counts(6, 'spread a source'),
  counts(3, 'spread in vain', 'run out of disk', 'prune'),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), by }) },
)

function start(path: string): Process {
  const database = openDatabase(path, { busyTimeoutMs: 0 })
  const seen = { least: 64, most: 512, learnedAtOnce: 7 }
  return { database, inbox: createInbox(database, { tailMax: 30, usualMax: 50, seen }) }
}

type Model = ReturnType<typeof createModel>

/** What both of them must come to. */
function createModel() {
  const seqs = new Map<string, number>()
  const known = () => [...seqs.keys()].map(deliveryOf)
  const bodies = new Map<number, string>()
  let newest = 0

  function accept(given: readonly Delivery[], textOf: (index: number) => string): readonly number[] {
    const answers: number[] = []
    // Those of one source after the other, as they stand in the inbox.
    const sources = [...new Set(given.map(({ source }) => source))]
    const bySource = sources.flatMap((one) => [...given.entries()].filter(([, { source }]) => source === one))
    for (const [index, { source, id }] of bySource) answers[index] = answerOf(source, id, textOf(index))
    return answers
  }

  function answerOf(source: string, id: string | null, text: string): number {
    const key = id === null ? null : deliveryKeyOf(source, id)
    const first = key === null ? undefined : seqs.get(key)
    if (first !== undefined) return -first
    newest += 1
    if (key !== null) seqs.set(key, newest)
    bodies.set(newest, text)
    return newest
  }

  function prune(upto: number): void {
    for (const [key, seq] of seqs) if (seq <= upto) seqs.delete(key)
    for (const seq of bodies.keys()) if (seq <= upto) bodies.delete(seq)
  }

  return { accept, prune, known, bodies }
}

function deliveryOf(key: string): Delivery {
  const end = key.indexOf('\n')
  return { source: key.slice(0, end), id: key.slice(end + 1) }
}

test('whatever two processes and the disk do, each delivery has one seq, in order, and its own body', {
  timeout: 60_000 + numRuns * 100,
}, () => {
  const folder = createFolder()
  const empty = join(folder, 'empty.db')
  openDatabase(empty).db.close()
  let run = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
      run += 1
      const path = join(folder, `${run}.db`)
      copyFileSync(empty, path)
      play(path, steps)
    }),
    { numRuns },
  )
})

function play(path: string, steps: readonly Step[]): void {
  const processes = [start(path), start(path)]
  try {
    const model = createModel()
    for (const [index, step] of steps.entries()) {
      if (step.do === 'restart') {
        processes[step.by]!.database.db.close()
        processes[step.by] = start(path)
      } else take(processes[step.by]!, processes[1 - step.by]!, step, index, model)
    }
    const known = model.known()
    for (const { inbox } of processes)
      expect(inbox.acceptAll(packed(known, String))).toEqual(model.accept(known, String))
    while (processes[0]!.inbox.spread(1_000) > 0) {}
    const rows = processes[1]!.database.db.prepare('select seq, body from event_bodies order by seq').all()
    const kept = rows.map(({ seq, body }) => [seq, Buffer.from(body as Uint8Array).toString()])
    expect(kept).toEqual([...model.bodies])
  } finally {
    for (const { database } of processes) database.db.close()
  }
}

const pack = createPacker()

function packed(deliveries: readonly Delivery[], textOf: (index: number) => string): readonly PackedEvents[] {
  return pack(
    deliveries.map(({ source, id }, at) => webhook({ source, deliveryId: id, body: Buffer.from(textOf(at)) })),
  )
}

function take({ database, inbox }: Process, other: Process, step: OneStep, index: number, model: Model) {
  const textOf = (at: number) => `${index}.${at}`.padEnd(at * 40, '-')
  switch (step.do) {
    case 'accept':
      return expect(inbox.acceptAll(packed(step.deliveries, textOf))).toEqual(model.accept(step.deliveries, textOf))
    case 'accept in vain':
      return acceptInVain(inbox, step.deliveries, ` in vain ${index}`)
    case 'accept while the other writes':
      other.database.db.exec('begin immediate')
      expect(() => inbox.acceptAll(packed(step.deliveries, textOf))).toThrow('busy')
      return other.database.db.exec('rollback')
    case 'spread':
      return inbox.spread(step.count)
    case 'spread a source':
      return inbox.guarded('unsynced', () => inbox.spreadOut(step.count, { priority: 0, source: step.count % 2 ? 'shop' : 'blog' })) // biome-ignore format: one idea
    case 'spread in vain':
      return spreadInVain(inbox, step.count)
    case 'run out of disk':
      return runOutOfDisk(database, inbox, step.count)
    case 'prune':
      return model.prune(prune(database, step.count))
  }
}

/** With some deliveries more that nobody has sent before or will send again. */
function acceptInVain(inbox: Inbox, deliveries: readonly Delivery[], ending: string): void {
  const others = deliveries.map(({ source, id }) => ({ source, id: id && id + ending }))
  const all = packed([...deliveries, ...others, { source: 'shop', id: null }], String)
  expect(() => inbox.acceptAll(all.map((lane) => ({ ...lane, receivedAt: 0.5 })))).toThrow('cannot store REAL value')
}

function spreadInVain(inbox: Inbox, count: number): void {
  const fail = () => {
    inbox.spreadOut(count)
    throw new Error('in vain')
  }
  expect(() => inbox.guarded('unsynced', fail)).toThrow('in vain')
}

function runOutOfDisk({ db }: Database, inbox: Inbox, count: number): void {
  db.exec('pragma max_page_count = 1') // as many as there are
  try {
    while (inbox.spread(count) > 0) {}
  } catch (error) {
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('full') })
  }
  db.exec('pragma max_page_count = 1000000')
}

/** Removes some of the oldest events; answers up to which. */
function prune({ db }: Database, count: number): number {
  const { first } = db.prepare('select coalesce(min(seq), 0) as first from events').get()!
  const { last } = db.prepare('select last from event_position').get()!
  const end = Math.min(Number(first) + count - 1, Number(last))
  db.prepare('delete from events where seq <= ?').run(end)
  return end
}
