import { randomUUID } from 'node:crypto'
import { presentTestCall } from '../../api/destinations.ts'
import type { Config } from '../../config/schema.ts'
import { RelayError } from '../../domain/errors.ts'
import { describeUnknown } from '../../domain/unknown-name.ts'
import { decideCircuit } from '../../stages/deliver/shared-circuit.ts'
import { testCall } from '../../stages/deliver/test-call.ts'
import { findUnconfigured } from '../../stages/upkeep/unconfigured.ts'
import type { Store } from '../../store/contract/store.ts'
import { composeDestination } from '../../wiring/sources.ts'
import type { CommandOptions } from '../shared/options.ts'
import { print } from '../shared/report.ts'
import { forCalling } from '../shared/uses.ts'
import { withStore } from '../shared/with-store.ts'

interface DestinationOptions extends CommandOptions {
  readonly name: string
}

/** Enables a destination after a test call. Throws RelayError `conflict` if the call is refused and `force` is not set. */
export async function enable(options: DestinationOptions & { readonly force: boolean }): Promise<void> {
  const { name, force, json } = options
  const shown = await withStore({ ...options, uses: forCalling(name) }, async (store, config) => {
    if (await isLeftBehind(store, config, name)) {
      await decideCircuit(store, name, { kind: 'enable' }, Date.now())
      const error = 'it is not configured, so nothing is sent to it'
      return { name, state: 'unconfigured', test: { result: 'unclear', status: null, error } }
    }
    const destination = composeDestination(name, settingsOf(config, name), Date.now)
    try {
      const test = await testCall({ destination, skewMs: 0, now: Date.now, newId: randomUUID })
      const { result, error } = test
      const { credentials } = destination
      if (result === 'refused' && !force) {
        const reason = `a test call was refused: ${error}`
        await decideCircuit(store, name, { kind: 'refused', reason, credentials }, Date.now())
        throw new RelayError(
          'conflict',
          `the ingest API has refused a test call, so '${name}' was not enabled: ${error}`,
        )
      }
      const { state } = await decideCircuit(store, name, { kind: 'enable' }, Date.now())
      return { name, state, test: presentTestCall(test) }
    } finally {
      await destination.client.close()
    }
  })
  const said = shown.test.error === null ? '' : ` (${shown.test.error})`
  print(shown, { json, text: () => [`${name} is enabled; test call: ${shown.test.result}${said}`] })
}

/** Disables a destination: its items wait until someone enables it. */
export async function disable(options: DestinationOptions & { readonly reason: string }): Promise<void> {
  const { name, reason, json } = options
  const state = await withStore(options, async (store, config) => {
    if (!(await isLeftBehind(store, config, name))) settingsOf(config, name)
    return (await decideCircuit(store, name, { kind: 'disable', reason }, Date.now())).state
  })
  print({ name, state, reason }, { json, text: () => [`${name} is disabled: ${reason}`] })
}

/** Not configured any more, with items that it has left in the store. */
async function isLeftBehind(store: Store, config: Config, name: string): Promise<boolean> {
  const { destinations } = await findUnconfigured(store, config)
  return destinations.some(({ destination }) => destination === name)
}

function settingsOf(config: Config, name: string): Config['destinations'][string] {
  const settings = Object.hasOwn(config.destinations, name) ? config.destinations[name] : undefined
  if (settings) return settings
  throw new RelayError('not_found', describeUnknown('destination', name, Object.keys(config.destinations)))
}
