import { setTimeout as sleep } from 'node:timers/promises'
import type { Plan, Window } from './plan.ts'
import type { Scenario, Staging } from './scenario.ts'

type Stage = (folder: string, staging: Staging) => Promise<{ readonly bad: readonly string[] }>

const quiet: Plan = { seed: 1, trafficMs: 600, items: 30, savesEach: 3, judge: [], process: [], poison: false }
const hour = 3_600_000
/** Short, so that a pause is longer; the failures around it are shorter together. */
const maxAge = { retry: { base: '50ms', cap: '200ms', max_age: '2s' } }

function failing(fault: Window<'500'>['fault'], fromMs: number, toMs: number): Window<'500'> {
  return { fault, fromMs, toMs, share: 1 }
}

/** Faults of what lies between the relay and an item that has arrived. */
export function deliveryScenarios(stage: Stage): Readonly<Record<string, Scenario>> {
  const pausedByOperator: Scenario = async (folder) => {
    const plan = { ...quiet, judge: [failing('500', 0, 1_000), failing('500', 4_500, 4_900)] }
    const { bad } = await stage(folder, {
      plan,
      settings: maxAge,
      async meanwhile(relay) {
        await sleep(900)
        await relay.switchTo('disable')
        await sleep(3_700)
        await relay.switchTo('enable')
        await sleep(500)
      },
    })
    return { told: 'disabled for 3.7 s with a max_age of 2 s, failures before and after', bad }
  }

  const pausedByClock: Scenario = async (folder) => {
    const faults = [{ kind: 'clock' as const, atMs: 900, byMs: hour }]
    const plan: Plan = { ...quiet, judge: [failing('500', 0, 1_600)], process: faults }
    const { bad } = await stage(folder, { plan, faults, settings: maxAge, meanwhile: () => sleep(2_000) })
    return { told: 'an hour ahead with a max_age of 2 s, failures before and after', bad }
  }

  const pausedByKill: Scenario = async (folder) => {
    const faults = [
      { kind: 'clock' as const, atMs: 900, byMs: hour },
      { kind: 'kill -9' as const, atMs: 905 },
    ]
    const plan: Plan = { ...quiet, judge: [failing('500', 0, 3_000)], process: faults }
    const { bad } = await stage(folder, { plan, faults, settings: maxAge, meanwhile: () => sleep(3_300) })
    return { told: 'killed, and an hour later by its clock started again, with a max_age of 2 s', bad }
  }

  function inBetween(fault: 'HTML with 400' | 'HTML with 403' | 'HTML with 502'): Scenario {
    return async (folder) => {
      const plan: Plan = { ...quiet, judge: [{ fault, fromMs: 0, toMs: 2_500, share: 1 }] }
      const { bad } = await stage(folder, { plan, meanwhile: () => sleep(2_600) })
      return { told: 'for 2.5 s, every call; then everything arrived', bad }
    }
  }

  function poison(poisonAnswer: 'reset' | '500'): Scenario {
    return async (folder) => {
      const plan: Plan = { ...quiet, poison: true, poisonAnswer }
      const { bad } = await stage(folder, { plan, settings: { retry: { ...maxAge.retry, max_age: '8s' } } })
      return { told: 'it was dead alone after its max_age of 8 s, and all others had arrived', bad }
    }
  }

  return {
    'disabled for longer than max_age, then a failure that passes': pausedByOperator,
    'a clock that jumps by more than max_age, then failures that pass': pausedByClock,
    'killed for longer than max_age, then failures that pass': pausedByKill,
    "a proxy's HTML with 400 in place of the ingest API": inBetween('HTML with 400'),
    "a firewall's HTML with 403 in place of the ingest API": inBetween('HTML with 403'),
    "a proxy's HTML with 502 in place of the ingest API": inBetween('HTML with 502'),
    'a poison item whose answer is a reset': poison('reset'),
    'a poison item whose answer is a 500': poison('500'),
  }
}
