import { sendLoad, sendPaced } from './load.ts'
import { median, ms, quantile, whole } from './numbers.ts'
import type { Row } from './report.ts'
import { startRelay, temporaryFolder } from './servers/spawn.ts'
import { signedWebhook } from './shop.ts'
import { type Sink, startSink } from './sink.ts'

const drained = 10_000
const drains = 3
const perSecond = 200
const pacedMs = 10_000

/** From webhook to acknowledged item, with a sink that takes everything: how many a second, and how soon. */
export async function benchSustained(): Promise<readonly Row[]> {
  using folder = temporaryFolder()
  const sink = await startSink()
  const relay = await startRelay({ folder: folder.path, ingest: sink.baseUrl })
  try {
    await drain(relay.port, sink, drained)
    const rates: number[] = []
    for (let round = 0; round < drains; round += 1) rates.push(await drain(relay.port, sink, drained))
    const latencies = await pace(relay.port, sink)
    return [
      {
        bench: 'sustained',
        what: 'received, mapped and acknowledged by a sink',
        value: `${whole(median(rates))} /s`,
        note: `median of ${drains} times ${whole(drained)} different products, as fast as they are taken, one core`,
      },
      {
        bench: 'sustained',
        what: `webhook sent to item arrived, p50 at ${perSecond} /s`,
        value: ms(median(latencies)),
        note: 'debounce 0',
      },
      { bench: 'sustained', what: 'the same, p99', value: ms(quantile(latencies, 0.99)) },
    ]
  } finally {
    await relay.stop()
    sink.close()
  }
}

let lastProduct = 1_000_000

/** Sends webhooks about so many products; a second, until the last one has arrived. */
export async function drain(port: number, sink: Sink, count: number): Promise<number> {
  const webhooks = Array.from({ length: count }, (_, index) => signedWebhook(++lastProduct, `Shirt ${index}`))
  const arrived = new Set<string>()
  const all = Promise.withResolvers<void>()
  sink.onItem = ({ id }) => {
    arrived.add(id)
    if (arrived.size === count) all.resolve()
  }
  const start = performance.now()
  await sendLoad({ port, connections: 64, next: () => webhooks.pop() ?? null })
  await all.promise
  return (count / (performance.now() - start)) * 1000
}

/** Latencies in milliseconds. The title says when the webhook was sent, by the clock that also sees it arrive. */
async function pace(port: number, sink: Sink): Promise<readonly number[]> {
  const latencies: number[] = []
  const expected = (perSecond * pacedMs) / 1000
  const all = Promise.withResolvers<void>()
  sink.onItem = ({ title }) => {
    latencies.push(performance.now() - Number(title))
    if (latencies.length === expected) all.resolve()
  }
  const next = () => signedWebhook(++lastProduct, String(performance.now()))
  await sendPaced({ port, connections: 32, perSecond, forMs: pacedMs, next })
  await all.promise
  return latencies
}
