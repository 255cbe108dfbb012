import { setTimeout as sleep } from 'node:timers/promises'
import type { Judge } from './judge.ts'
import type { Plan } from './plan.ts'
import type { Random } from './random.ts'
import type { Relay } from './relay.ts'
import type { Sent } from './traffic.ts'

/** What an operator has asked for, and how it shows. */
export interface Operator {
  /** Resolves when all that was planned is asked for. */
  readonly done: Promise<void>
  /** What should have come of it and has not; to be asked when all is settled. */
  complaints(): readonly string[]
  /** Events that may be gone. */
  readonly purged: ReadonlySet<string>
}

/** Asks for what the plan says, beside the traffic or after it. `events` are those that were acknowledged so far. */
export function startOperator(
  { acts = [], trafficMs }: Plan,
  relay: Relay,
  judge: Judge,
  events: Sent['events'],
  sending: Promise<unknown>,
  random: Random,
): Operator {
  const purged = new Set<string>()
  const redelivered = new Set<string>()
  const refusals: string[] = []

  async function ask(path: string, body: object): Promise<void> {
    const { status } = await relay.admin('POST', path, body)
    if (status !== 200 && status !== 202) refusals.push(`POST ${path} was answered with ${status}`)
  }

  const run = {
    /** Of half of them, so that older ones are not followed by newer ones that would hide what they have done. */
    async replay() {
      const ids = [...events.keys()].filter(() => random.chance(0.5))
      if (ids.length > 0) await ask('/events/replay', { ids })
    },
    async redeliver() {
      const type = random.pick(['product', 'post', 'doc', 'faq'])
      const ids = judge.redelivering(type)
      await ask('/items/redeliver', { destination: 'main', type })
      for (const id of ids) redelivered.add(id)
    },
    /** Of what can come again only with a version: the delivery ids of what is purged are forgotten. */
    async purge() {
      const ids = [...events].filter(([, { item }]) => /^(product|post|doc):/.test(item)).map(([id]) => id)
      const some = ids.filter(() => random.chance(0.5))
      for (const id of some) purged.add(id)
      if (some.length > 0) await ask('/events/purge', { ids: some })
    },
  }

  return {
    purged,
    done: Promise.all(
      acts.map(async ({ act, atMs }) => {
        await sleep(atMs)
        if (atMs > trafficMs) await sending // which lasts longer than planned, with faults or on a busy machine
        await run[act]()
      }),
    ).then(() => {}),
    complaints() {
      const missing = judge.missing([...redelivered])
      return [...refusals, ...missing.map((id) => `${id} was to be delivered again, and has not come`)]
    },
  }
}

/** What the relay has acknowledged must be there, and settled. */
export async function auditEvents(relay: Relay, { events }: Sent, purged: ReadonlySet<string>): Promise<string[]> {
  const wrong: string[] = []
  for (const [id, { item }] of events) {
    const { status, data } = await relay.admin('GET', `/events/${id}`)
    if (status === 404 && purged.has(id)) continue
    if (status !== 200) wrong.push(`${id} of ${item} was acknowledged, and is answered with ${status}`)
    else if (data?.['status'] !== 'processed' && data?.['status'] !== 'skipped') {
      wrong.push(`${id} of ${item} is ${data?.['status']}`)
    }
  }
  return wrong
}
