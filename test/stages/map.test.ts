import { expect, test } from 'vitest'
import { product, startRelay } from '../support.ts'

const nowhere = { baseUrl: 'http://127.0.0.1:9/v1/ingest' }

test('few large webhooks are mapped in one step, whatever waits', async () => {
  const { relay, sendShop, map, signals } = await startRelay(nowhere)
  const body_html = `<p>${'word '.repeat(300_000)}</p>`
  for (const id of [1, 2, 3]) await sendShop('products/update', product(id, { body_html }))
  expect(await relay.mapStep()).toBe(2)
  await map()
  expect(signals.filter(({ kind }) => kind === 'event.mapped')).toHaveLength(3)
})
