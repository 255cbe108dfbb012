import { describe, expect, onTestFinished, test } from 'vitest'
import { all, atTime, lease, owner, start, webhook } from '../support.ts'
import type { Openers } from './openers.ts'

/** What every store promises of receiving. */
export function describeReceiving(name: string, { opened, openStore }: Openers): void {
  describe(`${name}: accepting events`, () => {
    test('an accepted event is kept as it came in, to the byte', async () => {
      const store = await openStore()
      const bytes = Buffer.from([0, 255, 10, 13, 0xc3, 0x28])
      const event = webhook({ deliveryId: 'd1', query: 'a=%20b', headers: { 'x-topic': 'ä, b' }, body: bytes })
      const [accepted] = await store.accept([event])
      const kept = await store.getEvent(accepted!.eventId)
      expect(kept).toMatchObject({ ...event, body: expect.anything(), bytes: 6, status: 'pending', replays: 0 })
      expect(kept!.body.equals(bytes)).toBe(true)
      const [pending] = await atTime(store, start).claimEvents({ owner, leaseMs: lease, limit: 1 })
      expect(pending).toMatchObject({ ...event, body: expect.anything(), id: accepted!.eventId })
      expect(Buffer.from(pending!.body).equals(bytes)).toBe(true)
    })

    test('an empty body is a body', async () => {
      const store = await openStore()
      const [accepted] = await store.accept([webhook({ body: Buffer.alloc(0) })])
      expect((await store.getEvent(accepted!.eventId))!.body.byteLength).toBe(0)
    })

    test('a delivery id seen before is answered with the first event and nothing is written', async () => {
      const store = await openStore()
      const [first] = await store.accept([webhook({ deliveryId: 'd1' })])
      const again = await store.accept([webhook({ deliveryId: 'd1', body: Buffer.from('other') }), webhook()])
      expect(first).toEqual({ eventId: first!.eventId, duplicate: false })
      expect(again[0]).toEqual({ eventId: first!.eventId, duplicate: true })
      expect(again[1]!.duplicate).toBe(false)
      expect((await store.listEvents({}, all())).rows).toHaveLength(2)
    })

    test('a delivery id twice in one call is kept once', async () => {
      const store = await openStore()
      const [a, b] = await store.accept([webhook({ deliveryId: 'd1' }), webhook({ deliveryId: 'd1' })])
      expect([a!.duplicate, b!.duplicate]).toEqual([false, true])
      expect(b!.eventId).toBe(a!.eventId)
    })

    test('the same delivery id from two sources is two events', async () => {
      const store = await openStore()
      const accepted = await store.accept([
        webhook({ deliveryId: 'd1' }),
        webhook({ deliveryId: 'd1', source: 'blog' }),
      ])
      expect(accepted.map(({ duplicate }) => duplicate)).toEqual([false, false])
    })

    test('equal bodies without a delivery id are two events', async () => {
      const store = await openStore()
      const [a, b] = await store.accept([webhook(), webhook()])
      expect([a!.duplicate, b!.duplicate]).toEqual([false, false])
      expect(a!.eventId).not.toBe(b!.eventId)
    })

    test('many callers at once each get their own answer', async () => {
      const store = await openStore()
      const ids = Array.from({ length: 300 }, (_, index) => `d${index % 250}`)
      const answers = await Promise.all(ids.map((deliveryId) => store.accept([webhook({ deliveryId })])))
      expect(answers.filter(([answer]) => answer!.duplicate)).toHaveLength(50)
      for (const [index, [answer]] of answers.entries()) {
        expect((await store.getEvent(answer!.eventId))!.deliveryId).toBe(ids[index])
      }
    })

    test('a caller whose event can not be kept fails alone', async () => {
      const store = await openStore()
      const answers = await Promise.allSettled([
        store.accept([webhook({ deliveryId: 'd1' })]),
        store.accept([webhook({ deliveryId: 'd2' }), webhook({ receivedAt: 'soon' as unknown as number })]),
        store.accept([webhook({ deliveryId: 'd3' })]),
      ])
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      const kept = (await store.listEvents({}, all())).rows.map(({ deliveryId }) => deliveryId)
      expect(kept.sort()).toEqual(['d1', 'd3'])
      expect((await store.accept([webhook({ deliveryId: 'd2' })]))[0]!.duplicate).toBe(false)
    })

    test('who waits for a commit when the store is closed still gets it', async () => {
      const store = await openStore()
      const accepting = store.accept([webhook()])
      await store.close()
      expect((await accepting)[0]!.duplicate).toBe(false)
    })

    test('accepted events, their order and their delivery ids outlive a restart', async () => {
      const { store, reopen } = await opened()
      if (!reopen) return
      const [first] = await store.accept([webhook({ deliveryId: 'd1' }), webhook({ deliveryId: 'd2' })])
      const again = await reopen()
      onTestFinished(() => again.close())
      expect(await again.accept([webhook({ deliveryId: 'd1' })])).toEqual([
        { eventId: first!.eventId, duplicate: true },
      ])
      const pending = await atTime(again, start).claimEvents({ owner, leaseMs: lease, limit: 9 })
      expect(pending.map(({ deliveryId }) => deliveryId)).toEqual(['d1', 'd2'])
    })

    test('a delivery accepted over one connection is a duplicate over another', async () => {
      const { store, beside } = await opened()
      if (!beside) return
      const other = await beside()
      onTestFinished(() => other.close())
      await store.accept([webhook({ deliveryId: 'a' })])
      const [first] = await other.accept([webhook({ deliveryId: 'd1' })])
      expect(await store.accept([webhook({ deliveryId: 'd1' })])).toEqual([
        { eventId: first!.eventId, duplicate: true },
      ])
      expect((await other.accept([webhook({ deliveryId: 'a' })]))[0]!.duplicate).toBe(true)
    })
  })
}
