import { isDeepStrictEqual } from 'node:util'
import type { SandboxItem } from '../../src/sandbox/sandbox.ts'
import type { Cms, Held, Step } from './cms.ts'
import { pause } from './program.ts'
import type { RunningRelay } from './relay.ts'

/** What came of a step, in words, and where it is not what was expected. */
export interface Outcome {
  readonly step: string
  readonly sent: readonly string[]
  readonly said: readonly string[]
  readonly held: readonly Held[]
  readonly differences: readonly string[]
}

/** Does one step after the other. What was expected and did not come is in the outcome; only the CMS's own mistakes are thrown. */
export async function prove(
  cms: Cms,
  relay: RunningRelay,
  tell: (outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const step of cms.steps) {
    const outcome = await outcomeOf(step, relay, cms)
    outcomes.push(outcome)
    tell(outcome)
  }
  return outcomes
}

async function outcomeOf(step: Step, relay: RunningRelay, cms: Cms): Promise<Outcome> {
  const from = relay.webhooks.length
  const refusedBefore = relay.refusals().length
  await step.act(relay)
  if (cms.hasSentAll) await until(cms.hasSentAll)
  await relay.settle(from, step.webhooks.length)

  const webhooks = relay.webhooks.slice(from)
  const verdicts = await Promise.all(webhooks.map(relay.verdictOf))
  const held = relay
    .items()
    .map((kept) => heldOf(kept, cms))
    .sort(byId)
  const said = verdicts.map(({ topic, status }) => `${topic} ${status}`)
  const came = cms.hasSentAll ? [...new Set(said)] : said
  return {
    step: step.name,
    sent: verdicts.map(({ topic }) => topic),
    said: verdicts.map(({ status, reason }, index) =>
      [webhooks[index]?.status, `${status}${reason === null ? '' : `: ${reason}`}`].join(' '),
    ),
    held,
    differences: [
      ...differenceOf('webhooks', [...came].sort(), [...step.webhooks].sort()),
      ...differenceOf('items', held, [...step.held()].sort(byId)),
      ...relay.refusals().slice(0, relay.refusals().length - refusedBefore),
    ],
  }
}

function heldOf({ item }: SandboxItem, cms: Cms): Held {
  const { type, id, url, title, html } = item as unknown as Held
  const more = cms.more?.(item as unknown as Record<string, unknown>) ?? ''
  return { type, id, url, title, ...(html !== undefined && { html: html.trim() }), ...(more !== '' && { more }) }
}

/** Two minutes at the longest: what is missing then is seen in what is held. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 120_000; !(await isSo()) && Date.now() < end; ) await pause(200)
}

function byId(a: Held, b: Held): number {
  return a.id < b.id ? -1 : 1
}

function differenceOf(what: string, found: unknown, wanted: unknown): readonly string[] {
  if (isDeepStrictEqual(found, wanted)) return []
  return [`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`]
}
