import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startJudge, type Verdicts } from './judge.ts'
import { auditEvents, startOperator } from './operator.ts'
import { createPlan, type Plan } from './plan.ts'
import { createRandom } from './random.ts'
import { startRelay } from './relay.ts'
import { createTraffic, poisonId, type Save, type Sent, sendTraffic } from './traffic.ts'

export interface Result extends Verdicts {
  readonly plan: Plan
  readonly webhooks: number
  readonly items: number
  readonly calls: number
  readonly starts: number
  readonly lost: readonly string[]
  /** What else should not be: a process that ended by itself, work that does not come to an end. */
  readonly other: readonly string[]
  /** From the end of the faults and of the traffic to the last item delivered. Milliseconds. */
  readonly convergedMs: number
}

const longestMs = 90_000

/** One round: traffic under faults, then peace, then the books are compared. */
export async function runRound(seed: number, folder: string): Promise<Result> {
  const plan = createPlan(seed)
  const random = createRandom(seed + 1)
  const traffic = createTraffic(plan, random)
  const judge = await startJudge(plan, traffic.saves, createRandom(seed + 2))
  const relay = await startRelay({ folder: join(folder, `seed-${seed}`), baseUrl: judge.baseUrl, faults: plan.process })
  try {
    judge.begin()
    relay.begin()
    const events = new Map<string, { readonly item: string }>()
    const sending = sendTraffic(traffic, relay.origin, random, events)
    const operator = startOperator(plan, relay, judge, events, sending, createRandom(seed + 3))
    const [sent] = await Promise.all([sending, operator.done])
    await sleep(Math.max(0, ...plan.judge.map(({ toMs }) => toMs - plan.trafficMs)))
    judge.relent()
    await relay.relent()
    const start = performance.now()
    const settled = await settle(relay, plan)
    const convergedMs = performance.now() - start
    const other = [...settled, ...operator.complaints(), ...(await auditEvents(relay, sent, operator.purged))]
    const lost = compare(traffic.saves, sent, judge.held)
    const result = {
      plan,
      webhooks: sent.webhooks,
      items: traffic.saves.size,
      calls: judge.calls(),
      starts: relay.starts(),
      lost,
      other: [...other, ...relay.surprises],
      convergedMs,
      ...judge.verdicts,
    }
    await relay.stop()
    if (badOf(result).length === 0) rmSync(join(folder, `seed-${seed}`), { recursive: true, force: true })
    return result
  } finally {
    await relay.stop()
    await judge.close()
  }
}

/** Waits until the relay has nothing left to do. */
export async function settle(relay: Awaited<ReturnType<typeof startRelay>>, plan: Plan): Promise<string[]> {
  const until = performance.now() + longestMs
  for (;;) {
    const left = await relay.unfinished()
    if (left && left.events === 0 && left.waiting === 0 && left.items === 0) {
      const dead = plan.poison ? 1 : 0
      return [
        ...(left.dead === dead ? [] : [`${left.dead} items are dead, and ${dead} should be`]),
        ...(left.failed === 0 ? [] : [`${left.failed} events have failed`]),
      ]
    }
    if (performance.now() > until) return [`not settled after ${longestMs / 1_000} s: ${JSON.stringify(left)}`]
    await sleep(20)
  }
}

/** What the API holds must be what the CMS said last, as far as the relay has acknowledged it, or later. */
export function compare(
  saves: ReadonlyMap<string, readonly Save[]>,
  { acknowledged }: Sent,
  held: ReadonlyMap<string, string>,
): string[] {
  const lost: string[] = []
  for (const [item, version] of acknowledged) {
    if (item === poisonId) continue
    const last = saves.get(item)!.find((save) => save.version === version)!
    const now = held.get(item)
    if (last.live ? now !== last.text : now !== undefined) {
      const is = now === undefined ? 'not there' : `"${now}"`
      lost.push(`${item} is ${is}, and should be ${last.live ? `"${last.text}"` : 'gone'}`)
    }
  }
  return lost
}

/** Everything that should not have happened. */
export function badOf({ lost, twice, stale, resurrected, reusedKeys, refused, corrupt, other }: Result): string[] {
  return [...lost, ...twice, ...stale, ...resurrected, ...reusedKeys, ...refused, ...corrupt, ...other]
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
