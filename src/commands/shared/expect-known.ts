import type { Config } from '../../config/schema.ts'
import { RelayError } from '../../domain/errors.ts'
import { nearestName } from '../../domain/nearest-name.ts'
import { describeUnknown } from '../../domain/unknown-name.ts'
import type { Browsing } from '../../store/contract/browsing.ts'
import type { Operating } from '../../store/contract/operating.ts'

/** What a command line names. */
export interface Named {
  readonly source?: string
  readonly destination?: string
  /** Ids of events. */
  readonly events?: readonly string[]
  /** Id of an item. */
  readonly item?: string
}

type Known = Pick<Config, 'sources' | 'destinations'>

/**
 * Throws RelayError `not_found`, with the nearest name, if something that is named is neither configured nor in the store: a
 * slip of the keyboard must not look like a filter that nothing matches.
 */
export async function expectKnown(store: Browsing & Operating, config: Known, named: Named): Promise<void> {
  const { source, destination, events, item } = named
  if (source !== undefined) await expectSource(store, config, source)
  if (destination !== undefined) await expectDestination(store, config, destination)
  if (events !== undefined && events.length > 0) await expectEvents(store, events)
  if (item !== undefined) await expectItem(store, item, destination)
}

async function expectSource(store: Browsing, { sources }: Known, name: string): Promise<void> {
  if (Object.hasOwn(sources, name)) return
  const configured = Object.keys(sources)
  const others = await store.listOtherSources(configured)
  if (others.some(({ source }) => source === name)) return
  // Its events may be gone, and its items be there.
  const { rows } = await store.listItems({ source: name }, { limit: 1 })
  if (rows.length > 0) return
  const known = [...configured, ...others.map(({ source }) => source)]
  throw new RelayError('not_found', describeUnknown('source', name, known))
}

async function expectDestination(store: Browsing, { destinations }: Known, name: string): Promise<void> {
  if (Object.hasOwn(destinations, name)) return
  const inStore = (await store.readStats()).destinations.map(({ destination }) => destination)
  if (inStore.includes(name)) return
  const known = new Set([...Object.keys(destinations), ...inStore])
  throw new RelayError('not_found', describeUnknown('destination', name, [...known]))
}

async function expectEvents(store: Browsing & Operating, ids: readonly string[]): Promise<void> {
  const { ids: settled } = await store.chooseEvents('replay', { ids }, ids.length)
  const found = new Set(settled)
  for (const id of ids) {
    if (!found.has(id) && !(await store.getEvent(id))) throw await unknownEvent(store, id)
  }
}

/** What to say of an event that is not there: it never was, or its time is over. */
export async function unknownEvent(store: Browsing, id: string): Promise<RelayError> {
  const what = `no event '${id.slice(0, 64)}'`
  const number = /^\D*(\d{1,15})$/.exec(id)?.[1]
  const meant = number === undefined ? undefined : `evt_${number}`
  if (meant !== undefined && meant !== id && (await store.getEvent(meant))) {
    return new RelayError('not_found', `${what}: did you mean ${meant}?`)
  }
  const newest = (await store.listEvents({}, { limit: 1 })).rows[0]
  const hint = newest ? `the newest is ${newest.id}; old ones are deleted after retention.events` : 'there is none yet'
  return new RelayError('not_found', `${what}: ${hint}`)
}

async function expectItem(store: Browsing, id: string, destination: string | undefined): Promise<void> {
  const found = await store.getItems({ id })
  if (found.some((item) => destination === undefined || item.destination === destination)) return
  throw await unknownItem(store, id, found)
}

/** So many of those that changed last are looked through for the id that was meant. */
const itemsCompared = 500

/** What to say of an item that is not there, or is at other destinations only. */
export async function unknownItem(
  store: Browsing,
  id: string,
  elsewhere: readonly { readonly destination: string; readonly type: string }[] = [],
): Promise<RelayError> {
  const what = `no item '${id.slice(0, 256)}'`
  if (elsewhere.length > 0) {
    const places = elsewhere.map(({ type, destination }) => `${type} at ${destination}`).join(', ')
    return new RelayError('not_found', `${what} of that kind (there is ${places})`)
  }
  const { rows } = await store.listItems({}, { limit: itemsCompared })
  const ids = [...new Set(rows.map((row) => row.id))]
  // People leave out the part that the mapper puts before the id of the CMS.
  const meant = ids.find((one) => one.endsWith(`:${id}`)) ?? nearestName(id, ids)
  return new RelayError('not_found', meant === null ? what : `${what}: did you mean ${meant}?`)
}
