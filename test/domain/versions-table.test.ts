import { describe, expect, test } from 'vitest'
import {
  afterEvent,
  isStale,
  type KeptItem,
  knownOf,
  versionAfter,
  versionOfRemoval,
} from '../../src/domain/item-order.ts'
import { believedVersion, defaultClockLeadMs, readVersion, versionText } from '../../src/domain/version.ts'

// The rules of versions, whoever brings a record: one table. Each row is what happens to one item, in order of arrival.

const noon = Date.parse('2026-03-01T12:00:00Z')
const second = 1_000
const minute = 60 * second
const day = 24 * 60 * minute
const iso = (at: number) => new Date(at).toISOString()

interface Step {
  /** When it comes in; by default a minute after the one before. */
  readonly at?: number
  /** The version that the record gives. */
  readonly given?: unknown
  readonly kind?: 'upsert' | 'delete'
  /** Which event it is, where an older one is mapped now: 1 is the first. */
  readonly event?: number
  /** When the CMS's API was asked for it. */
  readonly askedAt?: number
  /** What comes of it; `kept` puts it there as it is, as relays did that believed every version. */
  readonly is: 'applied' | 'stale' | 'kept' | 'removed' | 'reset'
  /** What the known version is afterwards. */
  readonly known?: string | null
}

const rows: Record<string, readonly Step[]> = {
  'newer is applied, older is stale': [
    { given: iso(noon - day), is: 'applied' },
    { given: iso(noon - 2 * day), is: 'stale', known: iso(noon - day).replace('.000', '') },
    { given: iso(noon), is: 'applied' },
    { given: iso(noon - minute), kind: 'delete', is: 'stale' },
    { given: iso(noon + second), kind: 'delete', is: 'applied' },
    { given: iso(noon), is: 'stale' },
  ],
  'a time in 2099 counts as its receipt': [
    { at: noon, given: '2099-01-01T00:00:00Z', is: 'applied', known: '2026-03-01T12:00:00Z' },
    { at: noon + 2 * second, given: iso(noon + 2 * second), kind: 'delete', is: 'applied' },
  ],
  'the year 9999 in a zone that makes it 10000, too': [
    { at: noon, given: '9999-12-31T23:59:59-05:00', is: 'applied', known: '2026-03-01T12:00:00Z' },
    { at: noon + minute, given: iso(noon + minute), is: 'applied' },
  ],
  'a number of 10 digits is unix time in seconds': [
    { at: noon + 250, given: 4_070_908_800, is: 'applied', known: `${noon / 1_000}.25` },
    { at: noon + 2 * second, given: noon / 1_000 + 1, kind: 'delete', is: 'applied' },
  ],
  'a number of 13 digits is unix time in milliseconds, also as text': [
    { at: noon, given: '4070908800000', is: 'applied', known: String(noon) },
    { at: noon + 2 * second, given: String(noon + second), kind: 'delete', is: 'applied' },
  ],
  'with a fraction, too': [
    { at: noon, given: '4070908800.123456', is: 'applied', known: String(noon / 1_000) },
    { at: noon + 2 * second, given: `${noon / 1_000 + 1}.5`, is: 'applied' },
  ],
  'any other number is a revision and is believed': [
    { given: 7, is: 'applied' },
    { given: 99_999_999_999, is: 'applied', known: '99999999999' },
    { given: 100_000_000_000, is: 'applied' },
    { given: '4070908800000000', is: 'applied', known: '4070908800000000' },
    { given: '788032119674292922', is: 'applied' },
    { given: 8, is: 'stale' },
  ],
  'a clock that is three minutes ahead is believed': [
    { at: noon, given: iso(noon + 3 * minute), is: 'applied', known: '2026-03-01T12:03:00Z' },
    { at: noon + second, given: iso(noon + 3 * minute + second), is: 'applied' },
    { at: noon + 2 * second, given: iso(noon + 3 * minute - second), is: 'stale' },
  ],
  'exactly the lead is believed, a millisecond more is not': [
    { at: noon, given: iso(noon + defaultClockLeadMs), is: 'applied', known: '2026-03-01T12:05:00Z' },
    { at: noon, given: iso(noon + defaultClockLeadMs + 1), is: 'stale' },
  ],
  'of two that lie ahead, the later receipt wins, whatever they say': [
    { at: noon, given: '2099-01-01', is: 'applied' },
    { at: noon + 5, given: '2050-01-01', is: 'applied', known: '2026-03-01T12:00:00.005Z' },
    { at: noon + 2 * minute, given: '2099-01-01', event: 3, is: 'applied' },
  ],
  'of two in the same millisecond, arrival order decides': [
    { at: noon, given: '2099-01-01', is: 'applied' },
    { at: noon, given: '2098-01-01', is: 'applied' },
    { at: noon, given: '2099-01-01', event: 1, is: 'stale' },
  ],
  'the same event again changes nothing': [
    { at: noon, given: '2099-01-01', is: 'applied' },
    { at: noon + minute, given: iso(noon + minute), is: 'applied' },
    { at: noon, given: '2099-01-01', event: 1, is: 'stale' },
  ],
  'what comes after one that lay ahead, and is told by the second, is not older': [
    { at: noon + 700, given: '2099-01-01', is: 'applied' },
    { at: noon + 900, given: '2026-03-01T12:00:00Z', kind: 'delete', is: 'applied' },
  ],
  'what was saved a second before one that lay ahead is older': [
    { at: noon + 700, given: '2099-01-01', is: 'applied' },
    { at: noon + 900, given: '2026-03-01T11:59:59Z', is: 'stale' },
  ],
  'one that lies ahead is not older than what was saved just before': [
    { at: noon + 500, given: iso(noon + 450), is: 'applied' },
    { at: noon + 700, given: '2099-01-01', is: 'applied' },
  ],
  'a version that is kept and lies ahead is read as the time at which its item changed': [
    { at: noon, given: '2099-01-01', is: 'kept' },
    { at: noon + day, given: iso(noon - minute), is: 'stale' },
    { at: noon + day, given: iso(noon + minute), kind: 'delete', is: 'applied' },
  ],
  'so is one that was kept as a number': [
    { at: noon, given: 4_070_908_800, is: 'kept' },
    { at: noon + day, given: noon / 1_000 + 60, is: 'applied' },
  ],
  'after the clock was set back, arrival order decides': [
    { at: noon + day, given: iso(noon + day), is: 'kept' },
    { at: noon, given: iso(noon), is: 'applied' },
  ],
  'without a version, from a webhook: arrival order, and the known version stays': [
    { given: iso(noon - day), is: 'applied' },
    { is: 'applied', known: '2026-02-28T12:00:00Z' },
    { event: 1, is: 'stale' },
  ],
  'without a version, from a fetch: its time is that of the request': [
    { at: noon, is: 'applied' },
    { at: noon + minute, is: 'applied' },
    { event: 1, askedAt: noon + 2 * minute, is: 'applied' },
    { at: noon + 3 * minute, askedAt: noon + minute, is: 'stale' },
  ],
  'a version from a fetch is judged by the time of the request': [
    {
      at: noon,
      given: iso(noon + 59 * minute),
      askedAt: noon + 60 * minute,
      is: 'applied',
      known: '2026-03-01T12:59:00Z',
    },
    { at: noon, given: '2099-01-01', askedAt: noon + 60 * minute, is: 'applied', known: '2026-03-01T13:00:00Z' },
  ],
  'what an operator removes comes back with the next newer change': [
    { at: noon, given: iso(noon), is: 'applied' },
    { at: noon + minute, is: 'removed', known: '2026-03-01T12:01:00Z' },
    { at: noon, given: iso(noon), event: 1, is: 'stale' },
    { at: noon + minute, given: iso(noon + second), is: 'stale' },
    { at: noon + 2 * minute, given: iso(noon + 2 * minute), is: 'applied' },
  ],
  'a removal keeps a known version that is newer': [
    { at: noon, given: iso(noon + 3 * minute), is: 'applied' },
    { at: noon + minute, is: 'removed', known: '2026-03-01T12:03:00Z' },
    { at: noon + 2 * minute, given: iso(noon + 2 * minute), is: 'stale' },
    { at: noon + 4 * minute, given: iso(noon + 4 * minute), is: 'applied' },
  ],
  'a removal of what has revisions keeps the revision': [
    { given: 7, is: 'applied' },
    { is: 'removed', known: '7' },
    { given: 7, is: 'stale' },
    { given: 7, event: 1, is: 'stale' },
    { given: 8, is: 'applied' },
  ],
  'a removal of what has no version yields to what comes after it, and to nothing before': [
    { is: 'applied' },
    { at: noon, is: 'removed' },
    { event: 1, is: 'stale' },
    { is: 'applied' },
  ],
  'after a reset the next change is believed, however old': [
    { at: noon, given: 9_000_000_000_000_000, is: 'applied' },
    { given: 8, is: 'stale' },
    { is: 'reset', known: null },
    { given: 8, event: 2, is: 'applied', known: '8' },
    { given: 7, is: 'stale' },
  ],
  'after a reset a tombstone does not stand in the way': [
    { given: 5, is: 'applied' },
    { kind: 'delete', is: 'applied' },
    { given: 5, event: 1, is: 'stale' },
    { is: 'reset' },
    { given: 5, event: 1, is: 'applied' },
  ],
}

describe('versions, whoever brings a record', () => {
  test.each(Object.entries(rows))('%s', (_row, steps) => {
    let item: KeptItem | null = null
    let events = 0
    let clock = noon
    for (const [index, step] of steps.entries()) {
      const { at = clock + minute, given, kind = 'upsert', is, askedAt } = step
      if (step.event === undefined) clock = at // an event that is mapped again was received before
      if (is === 'removed') {
        const known: ReturnType<typeof knownOf> | null = item && knownOf(item, at, defaultClockLeadMs)
        const version = versionOfRemoval(known, at)
        item = kept('delete', version, { bareTombstone: true, place: afterEvent(events), asOf: at, changedAt: at })
      } else if (is === 'reset') {
        item = { ...item!, version: null, isCounted: false, bareTombstone: false, place: 0, asOf: null }
      } else {
        const eventSeq = step.event ?? ++events
        const heardAt = askedAt ?? at
        const believed =
          is === 'kept'
            ? { version: readVersion(given), isCounted: false }
            : believedVersion(readVersion(given), heardAt, defaultClockLeadMs)
        const known: ReturnType<typeof knownOf> | null = item && knownOf(item, clock, defaultClockLeadMs)
        const stale = known !== null && isStale(known, { kind, version: believed.version, eventSeq, askedAt })
        expect(stale ? 'stale' : 'applied', `step ${index + 1}`).toBe(is === 'kept' ? 'applied' : is)
        if (!stale) {
          const bareTombstone = kind === 'delete' && believed.version === null
          item = kept(kind, versionAfter(known, believed), { bareTombstone, eventSeq, asOf: heardAt, changedAt: at })
        }
      }
      if (step.known === undefined) continue
      const version: KeptItem['version'] = item!.version
      expect(version === null ? null : versionText(version), `step ${index + 1}`).toBe(step.known)
    }
  })
})

function kept(
  kind: KeptItem['kind'],
  version: Pick<KeptItem, 'version' | 'isCounted'>,
  more: Partial<KeptItem>,
): KeptItem {
  return {
    kind,
    checksum: null,
    bareTombstone: false,
    eventSeq: 0,
    place: null,
    asOf: null,
    changedAt: noon,
    ...version,
    ...more,
  }
}
