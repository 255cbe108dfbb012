import { setTimeout as sleep } from 'node:timers/promises'
import { sendLoad, sendPaced } from './load.ts'
import { median, ms, ratio, spread, whole } from './numbers.ts'
import type { Row } from './report.ts'
import { type Server, startRelay, temporaryFolder } from './servers/spawn.ts'
import { signedWebhook } from './shop.ts'

const few = 1_000
const many = 100_000
const starts = 10

interface Filled {
  /** A folder whose database holds `many` pending items. */
  readonly folder: ReturnType<typeof temporaryFolder>
  readonly bytesWithFew: number
  readonly bytesWithMany: number
}

let filling: Promise<Filled> | null = null

/** Fills a database, once for both benches, and looks at the memory meanwhile. */
function filled(): Promise<Filled> {
  filling ??= fill()
  return filling
}

/** Removes what the benches of this file have left. */
export async function cleanUp(): Promise<void> {
  const done = await filling?.catch(() => null)
  done?.folder[Symbol.dispose]()
}

/**
 * One process all along. First it takes webhooks about few items, so that code is compiled, caches are filled and the heap
 * has its size: V8's young generation was 64 MB after 20,000 webhooks, and 128 MB after 120,000. Then it takes nearly as many,
 * one about each of many more items. What the memory has grown by is what pending items cost.
 */
async function fill(): Promise<Filled> {
  const folder = temporaryFolder()
  const relay = await startRelay({ folder: folder.path })
  try {
    await send(relay, many, (index) => 1 + (index % few))
    const bytesWithFew = await settledMemory(relay, few)
    await send(relay, many - few, (index) => 1 + few + index)
    const bytesWithMany = await settledMemory(relay, many)
    return { folder, bytesWithFew, bytesWithMany }
  } finally {
    await relay.stop()
  }
}

async function send({ port }: Server, count: number, idOf: (index: number) => number): Promise<void> {
  let sent = 0
  const next = () => {
    if (sent === count) return null
    const id = idOf(sent)
    sent += 1
    return signedWebhook(id, `Shirt ${id}`)
  }
  await sendLoad({ port, connections: 64, next })
}

/** The least resident memory in ten seconds of light traffic, so that garbage of the load before is gone. */
async function settledMemory(relay: Server, pending: number): Promise<number> {
  while ((await relay.metric('cms_relay_events_pending')) > 0) await sleep(200)
  const items = await relay.metric('cms_relay_items{', 'status="pending"')
  if (items !== pending) throw new Error(`${items} items are pending, expected ${pending}`)
  let least = Number.POSITIVE_INFINITY
  const traffic = sendPaced({
    port: relay.port,
    connections: 8,
    perSecond: 100,
    forMs: 10_000,
    next: () => signedWebhook(1, 'Shirt 1'),
  })
  for (let second = 0; second < 10; second += 1) {
    await sleep(1000)
    least = Math.min(least, relay.residentBytes())
  }
  await traffic
  return least
}

/** Resident memory of `serve` while nothing can be delivered. */
export async function benchMemory(): Promise<readonly Row[]> {
  const { bytesWithFew, bytesWithMany } = await filled()
  const grown = bytesWithMany / bytesWithFew
  return [
    {
      bench: 'memory',
      what: `resident with ${whole(many)} pending items against ${whole(few)}`,
      value: ratio(grown),
      target: { text: '< 1.30', met: grown < 1.3 },
      note: 'the same process, after as many webhooks about few items; VmRSS, least of 10 s of light traffic',
    },
    { bench: 'memory', what: `with ${whole(few)} pending items`, value: megabytes(bytesWithFew) },
    { bench: 'memory', what: `with ${whole(many)} pending items`, value: megabytes(bytesWithMany) },
  ]
}

/**
 * From spawning `serve` to its first 200 on /readyz, on all cores, and its memory three seconds later. `BENCH_AGAINST` names
 * another checkout that takes turns.
 */
export async function benchStart(): Promise<readonly Row[]> {
  const { folder } = await filled()
  const other = process.env['BENCH_AGAINST']
  const [own, against] = [newStarts(), newStarts()]
  for (let round = 0; round < starts; round += 1) {
    await measureStarts(own, folder.path)
    if (other) await measureStarts(against, folder.path, other)
  }
  return kindsOfStart.flatMap((kind): Row[] => {
    const { times, bytes } = own[kind]
    const share = median(times) / median(against[kind].times)
    const compared: Row = {
      ...{ bench: 'start', what: `${kind}, against the other checkout`, value: ratio(share) },
      target: { text: '≤ 0.75', met: share <= 0.75 },
      note: `median of ${starts} in turns`,
    }
    return [
      {
        ...{ bench: 'start', what: `spawn to ready, ${kind}`, value: ms(median(times)) },
        target: { text: '< 1 s', met: median(times) < 1000 },
        note: `median of ${starts}, ${spread(times, ms)}`,
      },
      ...(other ? [compared] : []),
      { bench: 'start', what: `resident three seconds later, ${kind}`, value: megabytes(median(bytes)) },
    ]
  })
}

const kindsOfStart = ['new database', 'second start', '100,000 pending items'] as const
const settlesInMs = 3_000

type Starts = Readonly<Record<(typeof kindsOfStart)[number], { readonly times: number[]; readonly bytes: number[] }>>

function newStarts(): Starts {
  return Object.fromEntries(kindsOfStart.map((kind) => [kind, { times: [], bytes: [] }])) as unknown as Starts
}

async function measureStarts(into: Starts, large: string, checkout?: string): Promise<void> {
  using empty = temporaryFolder()
  for (const [kind, folder] of [
    ['new database', empty.path],
    ['second start', empty.path],
    [kindsOfStart[2], large],
  ] as const) {
    const relay = await startRelay({ folder, cores: 'all', ...(checkout !== undefined && { checkout }) })
    into[kind].times.push(relay.readyAfterMs)
    await sleep(settlesInMs)
    into[kind].bytes.push(relay.residentBytes())
    await relay.stop()
  }
}

const megabytes = (bytes: number) => `${whole(bytes / 1024 / 1024)} MB`
