import { createRandom, type Random } from './random.ts'

/** What the ingest API does to a call, instead of or besides judging it. */
export const judgeFaults = [
  'connection refused',
  'connection reset before reading',
  'connection reset after applying',
  'no answer',
  'no answer after applying',
  'slow',
  'answer cut off after applying',
  'HTML with 200',
  'HTML with 400',
  'HTML with 403',
  'HTML with 502',
  '429 with seconds',
  '429 with a date',
  '500',
  '500 after applying',
  '503 with Retry-After',
  '401',
  '403',
  '409 on the key',
  '413 above three items',
  'items fail, retryable',
  'clock ahead',
  'clock behind',
] as const
export type JudgeFault = (typeof judgeFaults)[number]

/** Moments in the relay at which it is killed: between an answer of the store, or a call on its way, and what follows. */
export const crashPoints = [
  'received, not committed',
  'answered',
  'committed, not answered',
  'claimed for mapping',
  'mapped and settled',
  'claimed for delivery',
  'sealed, not sent',
  'sent, no answer read',
  'answered, not settled',
  'settled',
] as const
export type CrashPoint = (typeof crashPoints)[number] | 'in the middle of a migration'

export interface Window<Kind> {
  readonly fault: Kind
  readonly fromMs: number
  readonly toMs: number
  /** Which part of the calls it meets. */
  readonly share: number
}

export type ProcessFault =
  | { readonly kind: 'kill -9' | 'SIGTERM'; readonly atMs: number }
  | { readonly kind: 'crash'; readonly point: CrashPoint; readonly pass: number }
  | { readonly kind: 'clock'; readonly atMs: number; readonly byMs: number }

/** What an operator asks for while the traffic goes on. */
export type Act = 'replay' | 'redeliver' | 'purge'

/** One round. Times are since the first webhook. Milliseconds. */
export interface Plan {
  readonly seed: number
  readonly trafficMs: number
  readonly items: number
  readonly savesEach: number
  readonly judge: readonly Window<JudgeFault>[]
  readonly process: readonly ProcessFault[]
  readonly acts?: readonly { readonly act: Act; readonly atMs: number }[]
  /** Whether the ingest API refuses any call with the poison item in it. */
  readonly poison: boolean
  /** What is done to those calls; without it they are refused with an envelope. */
  readonly poisonAnswer?: 'reset' | '500'
}

const acts: readonly Act[] = ['replay', 'redeliver', 'purge']

export function createPlan(seed: number): Plan {
  const random = createRandom(seed)
  const trafficMs = random.whole(1_200, 2_400)
  return {
    seed,
    trafficMs,
    items: random.whole(6, 24),
    savesEach: random.whole(2, 8),
    judge: Array.from({ length: random.whole(0, 3) }, () => windowOf(random, trafficMs)),
    process: processFaults(random, trafficMs),
    acts: acts.filter(() => random.chance(0.4)).map((act) => ({ act, atMs: random.whole(200, trafficMs + 1_000) })),
    poison: random.chance(0.25),
  }
}

function windowOf(random: Random, trafficMs: number): Window<JudgeFault> {
  const fromMs = random.whole(0, trafficMs)
  const share = random.pick([0.2, 0.5, 1])
  return { fault: random.pick(judgeFaults), fromMs, toMs: fromMs + random.whole(200, 1_500), share }
}

function processFaults(random: Random, trafficMs: number): ProcessFault[] {
  const faults: ProcessFault[] = []
  if (random.chance(0.6)) faults.push({ kind: 'crash', point: random.pick(crashPoints), pass: random.whole(1, 12) })
  const kills = random.pick([0, 0, 1, 1, 2])
  for (let index = 0; index < kills; index += 1)
    faults.push({ kind: 'kill -9', atMs: random.whole(50, trafficMs + 500) })
  if (random.chance(0.2)) faults.push({ kind: 'SIGTERM', atMs: random.whole(50, trafficMs) })
  if (random.chance(0.25)) {
    const byMs = random.pick([-3_600_000, -90_000, -5_000, 5_000, 90_000, 3_600_000])
    const atMs = random.whole(0, trafficMs)
    faults.push({ kind: 'clock', atMs, byMs }, { kind: 'clock', atMs: atMs + random.whole(200, 1_500), byMs: 0 })
  }
  return faults
}

/** A plan in a few words, for the log of a round. */
export function describePlan({ judge, process, acts = [], poison, items, savesEach }: Plan): string {
  return [
    `${items} items x ${savesEach} saves`,
    ...judge.map(({ fault, share }) => `${fault}${share < 1 ? ` (${share * 100} %)` : ''}`),
    ...process.map((fault) =>
      fault.kind === 'crash'
        ? `kill -9 when ${fault.point} (${fault.pass}.)`
        : fault.kind === 'clock'
          ? `clock ${fault.byMs / 1_000} s`
          : fault.kind,
    ),
    ...acts.map(({ act }) => act),
    ...(poison ? ['poison item'] : []),
  ].join(', ')
}
