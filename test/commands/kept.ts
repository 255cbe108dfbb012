import { join } from 'node:path'
import { writeConfig } from '../e2e/process.ts'
import { createFolder } from '../folder.ts'
import { type ScriptedIngest, startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, product, startRelay, type TestRelay } from '../support.ts'
import { type Ran, runHere } from './run-here.ts'

export interface Kept {
  readonly relay: TestRelay
  readonly ingest: ScriptedIngest
  readonly folder: string
  /** Runs a command beside the relay, on its database. */
  run(...args: readonly string[]): Promise<Ran>
  /** Does so with `--json`, and reads what it prints. */
  // biome-ignore lint/suspicious/noExplicitAny: what a command prints is for the test to know
  json(...args: readonly string[]): Promise<any>
}

/**
 * A relay with a database, and commands beside it: `evt_1` and `evt_2` have made the items `product:1` and `product:2`, which are
 * delivered; `evt_3` has failed; `evt_4` was skipped.
 */
export async function startKept(): Promise<Kept> {
  const clock = createClock()
  const ingest = await startScriptedIngest(clock)
  const folder = createFolder()
  const store = `sqlite:${join(folder, 'relay.db')}`
  const relay = await startRelay({ baseUrl: ingest.baseUrl, clock, store })
  writeConfig(folder, ingest.baseUrl)
  for (const body of [product(1), product(2), product(3, { title: 'x'.repeat(1_025) })]) {
    await relay.sendShop('products/update', body)
    clock.advance(1_000)
  }
  await relay.sendShop('customers/update', { id: 1 })
  await relay.map()
  await relay.deliver(20_000)
  const run = (...args: readonly string[]) =>
    runHere([...args, '--config', join(folder, 'relay.yaml')], { RELAY_STORE: store })
  return { relay, ingest, folder, run, json: async (...args) => JSON.parse((await run(...args, '--json')).stdout) }
}
