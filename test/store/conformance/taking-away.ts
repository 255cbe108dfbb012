import { describe, expect, test } from 'vitest'
import { readVersion, type Version } from '../../../src/domain/version.ts'
import type { Store } from '../../../src/store/contract/store.ts'
import {
  all,
  arrive,
  atTime,
  claim,
  claimedEvents,
  deliver,
  dueIds,
  finish,
  itemOf,
  map,
  send,
  start,
  statusOf,
  tombstone,
  upsert,
  version,
  webhook,
} from '../support.ts'

const minute = 60_000
const key = (id: string) => ({ destination: 'main', type: 'product', id })
const time = (at: number) => readVersion(new Date(at).toISOString())
const counted = (at: number) => ({ version: time(at), ahead: readVersion('2099-01-01') as Version })

/** Versions that lie ahead, and what an operator takes away: a part of what every store promises. */
export function describeTakingAway(
  name: string,
  openStore: () => Promise<Store>,
  beside: () => Promise<Store[]>,
): void {
  describe(`${name}: versions that lie ahead`, () => {
    test('what comes after one that counts as its receipt is applied, what was before is stale', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', counted(start + 700))])
      expect(await arrive(store, [upsert('p1', 'B', { version: time(start - minute) })])).toMatchObject({ stale: 1 })
      expect(await arrive(store, [tombstone('p1', { version: time(start) })])).toMatchObject({ applied: 1 })
    })

    test('one that was kept as it was is read as the time at which its item changed', async () => {
      const store = await openStore()
      const frozen = { version: readVersion('2099-01-01') }
      await arrive(store, [upsert('p1', 'A', frozen), upsert('p2', 'A', { version: readVersion(4_070_908_800) })])
      const later = start + 60 * minute
      const counts = await arrive(store, [upsert('p1', 'B', { version: time(start - 1) })], later)
      expect(counts).toMatchObject({ stale: 1 })
      const withdrawn = [
        tombstone('p1', { version: time(start + minute) }),
        tombstone('p2', { version: readVersion((start + minute) / 1_000) }),
      ]
      expect(await arrive(store, withdrawn, later)).toMatchObject({ applied: 2 })
    })

    test('one within the lead of its source is believed', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { version: time(start + 9 * 60 * minute) })])
      const change = upsert('p1', 'B', { version: time(start + minute), maxClockLeadMs: 10 * 60 * minute })
      expect(await arrive(store, [change], start + minute)).toMatchObject({ stale: 1 })
    })

    test('a change without a version leaves the known one as it counts', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { version: readVersion('2099-01-01') })])
      await arrive(store, [upsert('p1', 'B')], start + minute)
      expect((await itemOf(store, 'p1')).version).toBe(time(start))
    })

    test('a removal that is stale is told, with the version that is known', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { version: version(5) }), tombstone('p2', { version: version(5) })])
      const counts = await arrive(store, ['p1', 'p2'].map((id) => tombstone(id, { version: version(4) }))) // biome-ignore format: one idea
      // Of what is to be gone anyway, nothing is lost.
      expect(counts).toEqual({
        applied: 0,
        unchanged: 0,
        stale: 2,
        staleRemovals: [{ ...key('p1'), version: version(4), known: version(5) }],
      })
    })

    test('of two answers of a CMS without a version, the one that was asked for later stands', async () => {
      const store = await openStore()
      const [first, second] = await claimedEvents(store, 2)
      await map(store, second!, [upsert('p1', 'B', { askedAt: start + 10 })], start + 20)
      const asked = upsert('p1', 'A', { askedAt: start + 15 })
      expect(await map(store, first!, [asked], start + 30)).toMatchObject({ applied: 1 })
      const before = upsert('p1', 'C', { askedAt: start + 12 })
      expect(await arrive(store, [before], start + 40)).toMatchObject({ stale: 1 })
    })
  })

  describe(`${name}: what an operator takes away`, () => {
    test('is a tombstone that is due at once, and what came before does not bring it back', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { version: time(start), debounceMs: 500, maxWaitMs: 500 })])
      await deliver(store, start + 500)
      const [early] = await claimedEvents(store, 1, start + minute)
      await atTime(store, start + 2 * minute).removeItem({ ...key('p1'), hold: false })
      expect(await itemOf(store, 'p1')).toMatchObject({
        desiredKind: 'delete',
        removed: true,
        held: false,
        version: time(start + 2 * minute),
        eventId: null,
        status: 'pending',
        dueAt: start + 2 * minute,
      })
      expect((await deliver(store, start + 2 * minute)).kind).toBe('delete')
      const late = upsert('p1', 'B')
      expect(await map(store, early!, [late], start + 3 * minute)).toMatchObject({ stale: 1 })
      const saved = upsert('p1', 'B', { version: time(start + minute) })
      expect(await arrive(store, [saved], start + 3 * minute)).toMatchObject({ stale: 1 })
      const newer = upsert('p1', 'C', { version: time(start + 3 * minute) })
      expect(await arrive(store, [newer], start + 3 * minute)).toMatchObject({ applied: 1 })
      expect(await itemOf(store, 'p1')).toMatchObject({ desiredKind: 'upsert', removed: false })
    })

    test('goes after the call that holds it', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      await atTime(store, start + 1).removeItem({ ...key('p1'), hold: false })
      expect(await claim(store, start + 1)).toBeNull()
      await finish(store, batch, { result: 'delivered' }, start + 2)
      expect(await deliver(store, start + 2)).toMatchObject({ kind: 'delete', items: [{ id: 'p1' }] })
    })

    test('may be what nobody has heard of', async () => {
      const store = await openStore()
      const [before] = await claimedEvents(store, 1)
      await store.accept([webhook()])
      await atTime(store, start).removeItem({ ...key('p1'), hold: true })
      expect(await map(store, before!, [upsert('p1', 'older')])).toMatchObject({ stale: 1 })
      expect(await arrive(store, [upsert('p1', 'older')])).toMatchObject({ stale: 1 })
      expect(await itemOf(store, 'p1')).toMatchObject({ source: '', held: true, removed: true, status: 'pending' })
      expect((await deliver(store)).kind).toBe('delete')
      expect(await arrive(store, [upsert('p1', 'A')])).toMatchObject({ held: 1, applied: 0 })
      expect(await dueIds(store)).toEqual([])
    })

    test('is unfrozen by it', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { version: readVersion('2099-01-01') })])
      await atTime(store, start + minute).removeItem({ ...key('p1'), hold: false })
      expect((await itemOf(store, 'p1')).version).toBe(time(start + minute))
    })

    test('and holds, stays away whatever comes, and goes out as it is wanted when it is released', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { version: version(1) })])
      await deliver(store)
      await atTime(store, start + 1).removeItem({ ...key('p1'), hold: true })
      await deliver(store, start + 1)
      const newer = (content: string, revision: number) =>
        arrive(
          store,
          [upsert('p1', content, { version: version(revision), debounceMs: 500, maxWaitMs: 500 })],
          start + 2,
        )
      expect(await newer('B', 2)).toEqual({ applied: 0, unchanged: 0, stale: 0, held: 1 })
      expect(await newer('D', 4)).toMatchObject({ held: 1 })
      expect(await newer('C', 3)).toMatchObject({ stale: 1 })
      expect(await dueIds(store, start + 1_000)).toEqual([])
      const [item] = await store.getItems(key('p1'))
      expect(item).toMatchObject({ desiredKind: 'delete', held: true, noted: { kind: 'upsert', version: version(4) } })
      expect((await store.listItems({ held: true }, all())).rows.map(({ id }) => id)).toEqual(['p1'])
      expect((await store.readStats()).destinations).toMatchObject([{ held: 1 }])

      expect(await atTime(store, start + 3).releaseItem(key('p1'))).toEqual({ desiredKind: 'upsert', changed: true })
      const sent = await deliver(store, start + 3)
      expect(sent.items).toMatchObject([{ body: upsert('p1', 'D').body }])
      expect(await itemOf(store, 'p1')).toMatchObject({ held: false, removed: false, version: version(4) })
      expect(await newer('C', 3)).toMatchObject({ stale: 1 })
      expect((await store.listItems({ held: true }, all())).rows).toEqual([])
      expect(await atTime(store, start + 4).releaseItem(key('p1'))).toBeNull()
    })

    test('and is released without anything newer, stays away until the CMS tells of it', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { version: version(1) })])
      await deliver(store)
      await atTime(store, start + 1).removeItem({ ...key('p1'), hold: true })
      await deliver(store, start + 1)
      expect(await atTime(store, start + 2).releaseItem(key('p1'))).toEqual({ desiredKind: 'delete', changed: false })
      expect(await dueIds(store, start + 2)).toEqual([])
      const newer = upsert('p1', 'B', { version: version(2) })
      expect(await arrive(store, [newer], start + 3)).toMatchObject({ applied: 1 })
    })

    test('and is removed again, forgets what was noted, and stays held', async () => {
      const store = await openStore()
      await atTime(store, start).removeItem({ ...key('p1'), hold: true })
      await arrive(store, [upsert('p1', 'A')])
      await atTime(store, start + 1).removeItem({ ...key('p1'), hold: false })
      const [item] = await store.getItems(key('p1'))
      expect(item).toMatchObject({ held: true, noted: null })
    })

    test('and the CMS has removed meanwhile, is not sent when it is released', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await deliver(store)
      await atTime(store, start + 1).removeItem({ ...key('p1'), hold: true })
      await deliver(store, start + 1)
      await arrive(store, [upsert('p1', 'B')], start + 2)
      await arrive(store, [tombstone('p1')], start + 3)
      expect(await atTime(store, start + 4).releaseItem(key('p1'))).toEqual({ desiredKind: 'delete', changed: true })
      expect(await statusOf(store, 'p1')).toBe('delivered')
    })

    test('is held for every connection to the same data', async () => {
      const [store, other] = await beside()
      if (!store || !other) return
      await arrive(store, [upsert('p1', 'A')])
      await atTime(other, start + 1).removeItem({ ...key('p1'), hold: true })
      expect(await arrive(store, [upsert('p1', 'B')], start + 2)).toMatchObject({ held: 1 })
      expect(await atTime(other, start + 3).releaseItem(key('p1'))).toMatchObject({ changed: true })
      expect((await deliver(store, start + 3)).items).toMatchObject([{ body: upsert('p1', 'B').body }])
    })
  })

  describe(`${name}: a version that is forgotten`, () => {
    test('lets the next change through, however old, and the item is sent again', async () => {
      const store = await openStore()
      const [first] = await claimedEvents(store, 1, start, 'another')
      await arrive(store, [upsert('p1', 'A', { version: version(9) })])
      await deliver(store)
      expect(await store.resetItems({ id: 'p1' }, 10, start + 1)).toBe(1)
      expect(await store.resetItems({ id: 'p1' }, 10, start + 1)).toBe(0)
      expect(await itemOf(store, 'p1')).toMatchObject({ status: 'pending', version: null })
      await deliver(store, start + 1)
      const old = upsert('p1', 'B', { version: version(2) })
      expect(await map(store, first!, [old], start + 2, 'another')).toMatchObject({ applied: 1 })
      expect(await arrive(store, [upsert('p1', 'C', { version: version(1) })])).toMatchObject({ stale: 1 })
    })

    test('also of what is not sent again: a draft, what waits, and what an operator holds', async () => {
      const store = await openStore()
      const old = { version: version(9) }
      await arrive(store, [tombstone('draft', { ...old, certain: false }), upsert('waits', 'A', old)])
      await atTime(store, start).removeItem({ ...key('held'), hold: true })
      await deliver(store)
      await arrive(store, [upsert('held', 'A', old), upsert('waits', 'B', { ...old, version: version(10) })])
      expect(await store.chooseItems('reset', {}, 10, start)).toMatchObject({ matching: 3 })
      expect(await store.resetItems({}, 10, start)).toBe(3)
      const changes = ['draft', 'waits', 'held'].map((id) => upsert(id, 'C', { version: version(1) }))
      expect(await arrive(store, changes)).toEqual({ applied: 2, unchanged: 0, stale: 0, held: 1 })
    })

    test('in steps, each takes what the one before has left', async () => {
      const store = await openStore()
      await arrive(store, ['p1', 'p2', 'p3'].map((id) => upsert(id, 'A', { version: version(9) }))) // biome-ignore format: one idea
      const counts: number[] = []
      for (let step = 0; step < 3; step += 1) counts.push(await store.resetItems({}, 2, start))
      expect(counts).toEqual([2, 1, 0])
    })
  })
}
