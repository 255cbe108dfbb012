import { sendLoad } from './load.ts'
import { median, ms, quantile, ratio, spread, us, whole } from './numbers.ts'
import type { Row } from './report.ts'
import { type Server, startKeeping, startPlain, startRelay, temporaryFolder } from './servers/spawn.ts'
import { bodyBytes, type SignedWebhook, signedWebhook } from './shop.ts'

const connections = 64
const webhooksInRound = 8_000
/** One process is up to a tenth quicker than the next of the same kind, for as long as it lives: of each, several are measured. */
const lives = 3
const roundsInLife = 4
/** Rounds that do not count: the relay goes on getting quicker for as long, its code being compiled, and compiled again. */
const warmUpRounds = 10
/** With more than this waiting to be mapped, who accepts does more: see src/store/sqlite/inbox.ts. The rounds stay below it. */
const usualBacklog = 200_000
const roundsBeyond = 5

interface Measured {
  readonly rates: number[]
  /** Processor time of each accept, by round. Microseconds. */
  readonly costsUs: number[]
  readonly latenciesMs: number[]
  /** Events mapped for each accept, by round: work that the accepts shared the core with. */
  readonly mapped: number[]
}

/**
 * Durable accepts a second of the relay on one core, against a handler that only checks the signature, and against the same with
 * the relay's store behind it. They take turns on the same core, and whoever does not have its turn is halted, so that noise
 * hits all alike. `BENCH_AGAINST` names another checkout that takes turns, too.
 */
export async function benchAccept(): Promise<readonly Row[]> {
  const [plain, keeping, info, warn, against] = [measured(), measured(), measured(), measured(), measured()]
  const [beyond, plainBeside] = [measured(), measured()]
  const other = process.env['BENCH_AGAINST']
  const next = createWebhooks()
  for (let life = 1; life <= lives; life += 1) {
    using stack = new DisposableStack()
    const folder = () => stack.use(temporaryFolder()).path
    const all = new Map<Measured, Server>()
    try {
      all.set(plain, await startPlain())
      all.set(keeping, await startKeeping(folder()))
      all.set(info, await startRelay({ folder: folder(), logLevel: 'info' }))
      all.set(warn, await startRelay({ folder: folder(), logLevel: 'warn' }))
      if (other) all.set(against, await startRelay({ folder: folder(), logLevel: 'info', checkout: other }))
      for (const server of all.values()) server.pause()
      for (let round = 0; round < warmUpRounds; round += 1)
        for (const server of all.values()) await measure(server, measured(), next)
      for (let round = 0; round < roundsInLife; round += 1)
        for (const [one, server] of all) await measure(server, one, next)
      if (life < lives) continue
      const [relay, yardstick] = [all.get(info)!, all.get(plain)!]
      while ((await backlogOf(relay)) <= usualBacklog) await measure(relay, measured(), next)
      for (let round = 0; round < roundsBeyond; round += 1) {
        await measure(yardstick, plainBeside, next)
        await measure(relay, beyond, next)
      }
    } finally {
      await Promise.all([...all.values()].map((server) => server.stop()))
    }
  }

  const settings = `${connections} connections, ${bodyBytes} bytes, one core`
  return [
    share('log level info', info, plain, settings),
    share('log level warn', warn, plain),
    shareBeyond(beyond, plainBeside),
    rate('plain handler', plain),
    rate('that handler with the store behind it', keeping, plain),
    rate('relay, info', info),
    rate('relay, warn', warn),
    ...(other ? [share('the other checkout, info', against, plain), rate('the other checkout, info', against)] : []),
    { bench: 'accept', what: 'latency p50 under that load', value: ms(median(info.latenciesMs)) },
    { bench: 'accept', what: 'latency p99 under that load', value: ms(quantile(info.latenciesMs, 0.99)) },
  ]
}

const atLeast = 0.6

function share(what: string, relay: Measured, plain: Measured, note = ''): Row {
  const { byClock, byCost } = ratios(relay, plain)
  return {
    bench: 'accept',
    what: `durable accepts against a handler that stores nothing, ${what}`,
    value: ratio(byClock),
    target: { text: `≥ ${ratio(atLeast)}`, met: byClock >= atLeast },
    note: `by processor time ${ratio(byCost)}${note && `; ${note}`}`,
  }
}

function shareBeyond(relay: Measured, plain: Measured): Row {
  const { byClock, byCost } = ratios(relay, plain)
  return {
    bench: 'accept',
    what: `the same with more than ${whole(usualBacklog)} waiting to be mapped`,
    value: ratio(byClock),
    note: `by processor time ${ratio(byCost)}; ${whole(median(relay.rates))} a second`,
  }
}

/** Medians over the rounds, each against the same round of the other: a machine that is busy for a while is so for both. */
function ratios(one: Measured, other: Measured): { readonly byClock: number; readonly byCost: number } {
  return {
    byClock: median(one.rates.map((rate, round) => rate / other.rates[round]!)),
    byCost: median(one.costsUs.map((cost, round) => other.costsUs[round]! / cost)),
  }
}

function rate(what: string, one: Measured, plain?: Measured): Row {
  const { rates, costsUs, mapped } = one
  const notes = [spread(rates, whole), `processor time ${us(median(costsUs))} each`]
  if (median(mapped) > 0) notes.push(`${ratio(median(mapped))} events mapped beside each`)
  if (plain) {
    const { byClock, byCost } = ratios(one, plain)
    notes.push(`${ratio(byClock)} of the plain handler, ${ratio(byCost)} by processor time`)
  }
  return {
    bench: 'accept',
    what: `accepts a second, ${what}`,
    value: `${whole(median(rates))} /s`,
    note: notes.join('; '),
  }
}

function measured(): Measured {
  return { rates: [], costsUs: [], latenciesMs: [], mapped: [] }
}

async function measure(server: Server, into: Measured, next: () => SignedWebhook): Promise<void> {
  server.resume()
  const mappedBefore = await mappedBy(server)
  const before = server.cpuSeconds()
  let left = webhooksInRound
  const { answered, perSecond, latenciesMs } = await sendLoad({
    port: server.port,
    connections,
    next: () => (left-- > 0 ? next() : null),
  })
  const spent = server.cpuSeconds() - before
  into.mapped.push(((await mappedBy(server)) - mappedBefore) / answered)
  server.pause()
  into.rates.push(perSecond)
  into.costsUs.push((spent / answered) * 1e6)
  for (const ms of latenciesMs) into.latenciesMs.push(ms)
}

async function backlogOf(server: Server): Promise<number> {
  server.resume()
  const backlog = await server.metric('cms_relay_events_pending')
  server.pause()
  return backlog
}

/** 0 for a server without metrics. */
function mappedBy(server: Server): Promise<number> {
  return server.metric('cms_relay_events_mapped_total')
}

/** Products over and over, each delivery with an id of its own. */
function createWebhooks(): () => SignedWebhook {
  const webhooks = Array.from({ length: 4096 }, (_, index) => signedWebhook(1000 + index, `Shirt ${index}`))
  let at = 0
  return () => webhooks[at++ % webhooks.length]!
}
