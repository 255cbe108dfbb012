import { describe, expect, test } from 'vitest'
import { createWaiting } from '../../src/store/sqlite/waiting.ts'
import fc from '../fast-check.ts'

describe('the deliveries in the inbox', () => {
  const key = fc.integer({ min: 0, max: 60 }).map((number) => `shop\n${number}`)
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('add' as const),
        keys: fc.array(key, { maxLength: 20 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('drop' as const), share: fc.double({ min: 0, max: 1.1, noNaN: true }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('clear' as const), next: fc.integer({ min: 1, max: 10_000 }) }),
    },
  )

  test('are found as in a list, whatever was added, dropped and cleared before', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.array(key, { minLength: 20, maxLength: 20 }),
        (steps, asked) => {
          const waiting = createWaiting()
          let list: { seq: number; key: string }[] = []
          let next = 1
          for (const one of steps) {
            if (one.kind === 'add') {
              for (const added of one.keys) {
                if (list.some((entry) => entry.key === added)) continue // there once
                waiting.add(next, added)
                list.push({ seq: next++, key: added })
              }
            } else if (one.kind === 'drop') {
              const upTo = Math.floor((list[0]?.seq ?? next) - 1 + list.length * one.share)
              waiting.dropUpTo(upTo)
              list = list.filter(({ seq }) => seq > upTo)
            } else {
              waiting.clear()
              list = []
              next = one.next
            }
            expect(waiting.keys()).toEqual(list.map((entry) => entry.key))
            for (const some of [...asked, list.at(-1)?.key ?? 'none'])
              expect(waiting.find(some)).toBe(list.find((entry) => entry.key === some)?.seq)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
