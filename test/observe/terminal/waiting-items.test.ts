import { expect, test } from 'vitest'
import { createWaitingItems } from '../../../src/observe/terminal/waiting-items.ts'

const item = (id: number) => ({ type: 'product', id: `product:${id}` })
const cause = (id: number) => ({ eventId: `evt_${id}`, source: 'shop', topic: null })

test('of very many items that wait, the oldest are forgotten', () => {
  const waiting = createWaitingItems()
  for (let id = 1; id <= 5_001; id++) waiting.add('main', item(id), cause(id), 0)
  expect([...waiting.list()]).toHaveLength(5_000)
  expect(waiting.get('main', item(1))).toBeUndefined()
  expect(waiting.get('main', item(2))).toBeDefined()
})

test('of very many changes to one item, the newest thousand are known', () => {
  const waiting = createWaitingItems()
  for (let id = 1; id <= 1_001; id++) waiting.add('main', item(1), cause(id), 0)
  const causes = waiting.take('main', item(1))
  expect(causes).toHaveLength(1_000)
  expect([causes[0], causes.at(-1)]).toEqual([cause(2), cause(1_001)])
  expect(waiting.get('main', item(1))).toBeUndefined()
})
