import { describe, expect, test } from 'vitest'
import type { Signal } from '../../../src/domain/signal.ts'
import type { Line } from '../../../src/observe/terminal/line.ts'
import { createNarrator } from '../../../src/observe/terminal/narrator.ts'
import { signalLine } from '../../../src/observe/terminal/signal-line.ts'
import type { Surroundings } from '../../../src/observe/terminal/surroundings.ts'
import { attempted, createAround, dead, delivered, mapped, samples, sentItem, standing, textOf } from './support.ts'

function createStory(over: Partial<Surroundings> = {}) {
  const lines: Line[] = []
  let at = 0
  const narrator = createNarrator({
    around: () => createAround(over),
    show: (line) => void lines.push(line),
    now: () => at,
  })
  return {
    /** What is told at the usual level, once all signals of the turn are heard. */
    async told(...signals: readonly Signal[]) {
      for (const signal of signals) narrator.tell(signal)
      await null
      return lines.splice(0).filter(({ level }) => level !== 'debug').map(textOf) // biome-ignore format: one idea
    },
    async toldAfter(ms: number) {
      at += ms
      narrator.step()
      return lines.splice(0).map(textOf)
    },
  }
}

const received = { kind: 'webhook.received', ...samples['webhook.received'][0]! } as const
const product = (id: number) => ({ type: 'product', id: `product:${id}` })
const ofMain = (items: readonly { type: string; id: string }[]) =>
  items.map((item) => ({ destination: 'main', ...item }))

describe('a webhook is one line, once it is known what has become of it', () => {
  test('sent', async () => {
    const { told } = createStory()
    expect(await told(received, mapped())).toEqual([])
    expect(await told(attempted(), delivered())).toEqual(['shop | products/update | evt_2 → product:1 | sent in 0.7 s'])
  })

  test('removed', async () => {
    const { told } = createStory()
    await told(mapped())
    expect(await told(attempted({ call: '/delete' }), delivered())).toEqual([
      'shop | products/update | evt_2 → product:1 | removed in 0.7 s',
    ])
  })

  test('sent to one of several destinations, at the second try', async () => {
    const { told } = createStory({ destinations: () => ['main', 'copy'] })
    await told(mapped())
    expect(await told(attempted({ attempt: 2 }), delivered())).toEqual([
      'shop | products/update | evt_2 → product:1 | main: sent in 0.7 s (try 2)',
    ])
  })

  test('several for one item', async () => {
    const { told } = createStory()
    await told(mapped(), mapped({ eventId: 'evt_3' }), mapped({ eventId: 'evt_4', topic: 'other' }))
    expect(await told(attempted(), delivered({ items: [sentItem(1, 'evt_4')] }))).toEqual([
      'shop | various | 3 events → product:1 | sent in 0.7 s',
    ])
  })

  test('what an earlier process has mapped is told by its event, without its topic', async () => {
    const { told } = createStory()
    expect(await told(attempted(), delivered())).toEqual(['shop | – | evt_2 → product:1 | sent in 0.7 s'])
  })

  test('what an operator has wanted is told by its item', async () => {
    const { told } = createStory()
    await told(mapped())
    expect(await told(attempted(), delivered({ items: [sentItem(1, null, null)] }))).toEqual([
      expect.stringContaining('product:1 | sent'),
    ])
    expect(await told(attempted(), delivered({ items: [sentItem(2, null, null)] }))).toEqual([
      'main | product:2 | sent in 0.7 s',
    ])
    const several = [sentItem(3, null, null), sentItem(4, null, null)]
    expect(await told(attempted({ items: 2 }), delivered({ items: several }))).toEqual([
      'main | 2 items | sent within 0.7 s',
    ])
  })

  test.each([
    ['by number', 'evt_2'],
    ['though the call does not know any more', null],
  ])('an event that comes while an earlier one is sent has a line of its own: %s', async (_how, first) => {
    const { told } = createStory()
    await told(mapped(), mapped({ eventId: 'evt_3' }))
    expect(await told(attempted(), delivered({ items: [sentItem(1, first)] }))).toEqual([
      'shop | products/update | evt_2 → product:1 | sent in 0.7 s',
    ])
    expect(await told(attempted(), delivered({ items: [sentItem(1, 'evt_3')] }))).toEqual([
      'shop | products/update | evt_3 → product:1 | sent in 0.7 s',
    ])
  })

  test('an event with many items has one number', async () => {
    const { told } = createStory()
    const items = [sentItem(1), sentItem(2), sentItem(3)]
    await told(mapped({ items: ofMain(items) }))
    const call = attempted({ call: 'batch', items: 3, item: null, delivered: 3 })
    expect(await told(call, delivered({ items }))).toEqual([
      'shop | products/update | evt_2 → 3 items | sent within 0.7 s',
    ])
  })

  test.each([
    [mapped({ applied: 0, unchanged: 1 }), 'evt_2 → product:1 | unchanged, not sent'],
    [mapped({ status: 'skipped', applied: 0, reason: 'a draft', items: [] }), 'evt_2 | skipped: a draft'],
    [mapped({ status: 'skipped', applied: 0, reason: 'stale' }), 'evt_2 → product:1 | stale: something newer is known'],
    [mapped({ status: 'failed', applied: 0, reason: 'no title' }), 'evt_2 → product:1 | failed: no title'],
  ])('not sent', async (signal, text) => {
    expect(await createStory().told(received, signal)).toEqual([`shop | products/update | ${text}`])
  })

  test('given up', async () => {
    const { told } = createStory()
    await told(mapped())
    expect(await told(attempted({ delivered: 0, latenciesMs: [] }), dead())).toEqual([
      'shop | products/update | evt_2 → product:1 | given up: status 400: item.invalid',
    ])
  })

  test('not taken yet', async () => {
    const { told } = createStory()
    await told(mapped())
    const failed = attempted({ outcome: 'retry', error: 'status 503', delivered: 0, latenciesMs: [], attempt: 2 })
    expect(await told(failed)).toEqual([
      'shop | products/update | evt_2 → product:1 | not taken yet (try 2): status 503',
    ])
  })

  test.each([
    ['127.0.0.1:8081', /`cms-relay sandbox` starts an ingest API/],
    ['::1:8081', /`cms-relay sandbox` starts an ingest API/],
    ['192.0.2.1:443', undefined],
  ])('refused at %s, with its cure', (address, cure) => {
    const signal = attempted({ outcome: 'retry', error: `connect ECONNREFUSED ${address}`, delivered: 0 })
    const line = signalLine(signal, createAround())
    expect(line.detail).toBe(`connect ECONNREFUSED ${address}`)
    if (cure) expect(line.cure).toMatch(cure)
    else expect(line.cure).toBeUndefined()
  })

  test('given up though the whole call was refused: the call has no line beside it', async () => {
    const { told } = createStory()
    const call = attempted({ outcome: 'rejected', error: 'status 400', delivered: 0, latenciesMs: [] })
    expect(await told(call, dead())).toHaveLength(1)
  })

  test('not taken by itself, in a call that was', async () => {
    const { told } = createStory()
    expect(await told(attempted({ delivered: 0, latenciesMs: [] }))).toEqual(['main | product:1 | not taken yet'])
  })
})

describe('a call of many items is one line', () => {
  const many = Array.from({ length: 250 }, (_, id) => sentItem(id, `evt_${id + 1}`))

  test('with a count', async () => {
    const { told } = createStory()
    await told(...many.map((item, at) => mapped({ eventId: `evt_${at + 1}`, items: ofMain([item]) })))
    const parts = [many.slice(0, 100), many.slice(100, 200), many.slice(200)]
    const call = attempted({
      call: '/batch',
      items: 250,
      item: null,
      delivered: 250,
      latenciesMs: many.map((_, at) => at * 10),
    })
    expect(await told(call, ...parts.map((items) => delivered({ items })))).toEqual([
      'shop | products/update | 250 events → 250 items | sent within 2.5 s',
    ])
  })

  test('of two sources and topics, of which some items died and some wait', async () => {
    const { told } = createStory()
    await told(
      mapped({ items: ofMain([product(1)]) }),
      mapped({ source: 'blog', topic: 'x', eventId: 'evt_3', items: ofMain([product(2)]) }),
    )
    const call = attempted({ call: '/batch', items: 4, item: null, delivered: 2, latenciesMs: [100, 200] })
    expect(
      await told(call, delivered({ items: [sentItem(1), sentItem(2, 'evt_3', 'blog')] }), dead({ id: 'product:3' })),
    ).toEqual([
      'main | various | 2 events → 2 items | sent within 0.2 s',
      'main | product:3 | given up: status 400: item.invalid',
      'main | 1 of 4 items | not taken yet',
    ])
  })

  test('also if the next call is told of in the same turn', async () => {
    const { told } = createStory()
    expect(
      await told(attempted(), delivered(), attempted({ batchId: 'bat_2' }), delivered({ batchId: 'bat_2' })),
    ).toHaveLength(2)
  })
})

describe('what waits is told', () => {
  test.each([
    [standing({ state: 'disabled', reason: 'status 401' }), 'kept: main is disabled'],
    [standing({ state: 'open', reason: 'status 503' }), 'kept: main rests'],
    [standing({ state: 'off' }), 'kept: main is off'],
  ])('at once, if its destination takes nothing', async (at, text) => {
    const { told } = createStory({ standingOf: () => at })
    expect(await told(mapped())).toEqual([`shop | products/update | evt_2 → product:1 | ${text}`])
  })

  test('else after a while, once', async () => {
    const { told, toldAfter } = createStory()
    await told(mapped(), mapped({ eventId: 'evt_3', items: ofMain([product(2)]) }))
    expect(await toldAfter(44_000)).toEqual([])
    expect(await toldAfter(1_000)).toEqual(['main | 2 items not sent yet'])
    expect(await toldAfter(100_000)).toEqual([])
  })

  test('but not what was sent', async () => {
    const { told, toldAfter } = createStory()
    await told(mapped())
    await told(attempted(), delivered())
    expect(await toldAfter(100_000)).toEqual([])
  })
})
