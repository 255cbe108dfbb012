import { ConfigError } from '../config/origins.ts'
import type { Config } from '../config/schema.ts'
import { messageOf, RelayError } from '../domain/errors.ts'
import type { Emit } from '../domain/signal.ts'
import { type Issue, issueText, plainIssue } from '../mistakes/issue.ts'
import type { Browsing } from '../store/contract/browsing.ts'
import { type Composed, composeDesired, settingsOf } from '../wiring/desired.ts'
import { changesOf, type PlanEntry } from './plan.ts'
import { type ApplyOptions, heldText, type Impact, itemsWithoutQuestion, type Registry } from './registry.ts'

export interface ReloadOptions extends Pick<ApplyOptions, 'yes'> {
  /** Only say what would be done. */
  readonly dryRun?: boolean
}

export interface ReloadResult {
  readonly applied: boolean
  readonly plan: readonly PlanEntry[]
  /** The mistakes for which nothing was changed. */
  readonly issues: readonly Issue[]
  /** Settings that have changed and count from the next start on. */
  readonly needs_restart: readonly string[]
  /** What a person should know: items that are held, stranded or fail, each with the number and the cure. */
  readonly warnings: readonly string[]
}

export interface ReloadDeps {
  readonly store: Pick<Browsing, 'readStats' | 'listOtherSources'>
  readonly registry: Registry
  /** Reads the configuration anew. Throws RelayError `invalid` with every mistake. */
  readonly load: () => Promise<Config> | Config
  /** The one in force. */
  readonly current: () => Config
  /** Before anything changes: from now on its secrets may turn up. */
  readonly onSecrets: (config: Config) => void
  /** Takes over what is not a unit's, in the moment in which the units change. */
  readonly onConfig: (config: Config, composed: Composed) => void
  readonly now: () => number
  readonly emit: Emit
}

/** Brings what runs to what the configuration says now. With mistakes nothing is changed. */
export type Reload = (options?: ReloadOptions) => Promise<ReloadResult>

/** One reload after the other: one that comes while another runs begins after it. */
export function createReload(deps: ReloadDeps): Reload {
  let last: Promise<unknown> = Promise.resolve()
  /** One that has not begun yet does for all that ask for the same. */
  const waiting = new Map<string, Promise<ReloadResult>>()
  return (options = {}) => {
    const key = JSON.stringify([options.dryRun ?? false, options.yes ?? false])
    const known = waiting.get(key)
    if (known) return known
    const next = last.then(() => {
      waiting.delete(key)
      return reload(deps, options)
    })
    waiting.set(key, next)
    last = next.catch(() => {})
    return next
  }
}

async function reload(deps: ReloadDeps, { dryRun = false, yes = false }: ReloadOptions): Promise<ReloadResult> {
  const { registry, load, current, onSecrets, onConfig, now, emit } = deps
  let config: Config
  let composed: Composed
  let needsRestart: readonly string[]
  try {
    const loaded = await load()
    needsRestart = restartsOf(current(), loaded)
    config = withOldListeners(current(), loaded)
    composed = await composeDesired(config, now)
  } catch (error) {
    const issues = issuesOf(error)
    if (!dryRun) emit({ kind: 'config.refused', issues: issues.map(issueText) })
    return { applied: false, plan: [], issues, needs_restart: [], warnings: [] }
  }
  const { desired } = composed
  const plan = [...planOfSettings(current(), config), ...registry.plan(desired)]
  const lost = await lossesOf(plan, deps)
  const result = { plan, issues: [], needs_restart: needsRestart }
  if (dryRun) {
    const held = await registry.heldBy(desired, { yes })
    return { ...result, applied: false, warnings: [...held.map(warningOf), ...lost] }
  }
  onSecrets(config)
  const held = await registry.apply(desired, { yes, onExchange: () => onConfig(config, composed) })
  const warnings = [...held.map(warningOf), ...lost]
  const changes = plan
    .filter(({ act }) => act !== 'keep')
    .map(({ unit, name, act, why }) => `${act} ${unit} ${name}: ${why}`)
  emit({ kind: 'config.reloaded', changes, needsRestart, warnings })
  return { ...result, applied: true, warnings }
}

function issuesOf(error: unknown): readonly Issue[] {
  if (error instanceof ConfigError) return error.issues.map(plainIssue)
  if (error instanceof RelayError) return [{ path: '', message: messageOf(error) }]
  throw error
}

/** What a process can't change of itself while it listens. */
const fixed = ['host', 'port', 'admin'] as const

function restartsOf(before: Config, after: Config): readonly string[] {
  const server = changesOf(settingsOf(before.server), settingsOf(after.server))
  return [
    ...fixed.filter((name) => server.includes(name)).map((name) => `server.${name}`),
    ...(before.store === after.store ? [] : ['store']),
  ]
}

function withOldListeners({ server, store }: Config, after: Config): Config {
  const { host, port, admin } = server
  return { ...after, store, server: { ...after.server, host, port, admin } }
}

const sections = ['server', 'retention', 'log'] as const

function planOfSettings(before: Config, after: Config): readonly PlanEntry[] {
  const changed = sections.flatMap((section) => {
    const names = changesOf(settingsOf(before[section]), settingsOf(after[section]))
    return names.map((name) => `${section}.${name}`)
  })
  if (before.mappers_dir !== after.mappers_dir) changed.push('mappers_dir')
  return changed.map((name) => ({ unit: 'setting', name, act: 'replace', why: 'has another value' }))
}

function warningOf(held: Impact): string {
  return `destination '${held.destination}' is ${heldText(held)}`
}

/** What waits for a unit that goes away. */
async function lossesOf(plan: readonly PlanEntry[], { store }: ReloadDeps): Promise<readonly string[]> {
  const stopped = (kind: PlanEntry['unit']) => plan.filter(({ unit, act }) => unit === kind && act === 'stop')
  const goingSources = stopped('source').map(({ name }) => name)
  const goingDestinations = new Set(stopped('destination').map(({ name }) => name))
  const stranded = goingDestinations.size === 0 ? [] : (await store.readStats()).destinations
  const failing = goingSources.length === 0 ? [] : await store.listOtherSources([])
  return [
    ...stranded
      .filter(({ destination, pending }) => goingDestinations.has(destination) && pending > itemsWithoutQuestion)
      .map(
        ({ destination, pending }) =>
          `${pending} items wait for destination '${destination}', which goes: configure it again, or \`npx cms-relay move --from ${destination} --to NAME\``,
      ),
    ...failing
      .filter(({ source, waiting }) => goingSources.includes(source) && waiting > itemsWithoutQuestion)
      .map(
        ({ source, waiting }) =>
          `${waiting} events of source '${source}', which goes, wait for its CMS and fail: configure it again and \`npx cms-relay replay --source ${source}\``,
      ),
  ]
}
