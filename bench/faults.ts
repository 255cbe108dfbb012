import { createRandom } from '../chaos/random.ts'
import { sendLoad } from './load.ts'
import { median, ratio, whole } from './numbers.ts'
import type { Row } from './report.ts'
import { type Server, startRelay, temporaryFolder } from './servers/spawn.ts'
import { signedWebhook } from './shop.ts'
import { startSink } from './sink.ts'
import { drain } from './sustained.ts'

/** Many, because the last batches wait for their backoff while nothing else is left to do. */
const drained = 30_000
const rounds = 2
const acceptRounds = 7
const acceptMs = 2_000

/** What faults of the ingest API cost: draining while it fails a third of all calls, and receiving while it is down. */
export async function benchFaults(): Promise<readonly Row[]> {
  return [await benchDraining(), await benchReceiving()]
}

async function benchDraining(): Promise<Row> {
  using folder = temporaryFolder()
  const sink = await startSink()
  const relay = await startRelay({ folder: folder.path, ingest: sink.baseUrl })
  const good: number[] = []
  const bad: number[] = []
  const random = createRandom(1)
  try {
    await drain(relay.port, sink, drained)
    for (let round = 0; round < rounds; round += 1) {
      sink.fails = () => false
      good.push(await drain(relay.port, sink, drained))
      sink.fails = () => random.chance(1 / 3)
      bad.push(await drain(relay.port, sink, drained))
    }
  } finally {
    await relay.stop()
    sink.close()
  }
  const value = median(bad) / median(good)
  return {
    bench: 'faults',
    what: 'drains while a third of all calls fails, against its rate without faults',
    value: ratio(value),
    target: { text: '≥ 0.50', met: value >= 0.5 },
    note: `${whole(median(bad))} and ${whole(median(good))} items a second, median of ${rounds} times ${whole(drained)} each, in turns`,
  }
}

async function benchReceiving(): Promise<Row> {
  using upFolder = temporaryFolder()
  using downFolder = temporaryFolder()
  const sink = await startSink()
  const up = await startRelay({ folder: upFolder.path, ingest: sink.baseUrl })
  const down = await startRelay({ folder: downFolder.path, ingest: 'http://127.0.0.1:9/v1/ingest' })
  const rates = { up: [] as number[], down: [] as number[] }
  try {
    for (const relay of [up, down]) relay.pause()
    for (let round = 0; round <= acceptRounds; round += 1) {
      for (const [name, relay] of Object.entries({ up, down }) as ['up' | 'down', Server][]) {
        const rate = await accepts(relay)
        if (round > 0) rates[name].push(rate) // the first one warms up
      }
    }
  } finally {
    await Promise.all([up.stop(), down.stop()])
    sink.close()
  }
  const value = median(rates.down) / median(rates.up)
  return {
    bench: 'faults',
    what: 'accepts while the destination is down, against its rate while it is up',
    value: ratio(value),
    target: { text: '≥ 0.90', met: value >= 0.9 },
    note: `${whole(median(rates.down))} and ${whole(median(rates.up))} webhooks a second, median of ${acceptRounds} rounds, in turns`,
  }
}

let last = 5_000_000

async function accepts(relay: Server): Promise<number> {
  relay.resume()
  const next = () => signedWebhook(++last, 'Shirt')
  const { perSecond } = await sendLoad({ port: relay.port, connections: 64, next, forMs: acceptMs })
  relay.pause()
  return perSecond
}
