import { expect, test } from 'vitest'
import { createLog } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { createObserver } from '../../src/observe/observer.ts'

test('the level of the lines is that of the log, also after it has changed', () => {
  const lines: string[] = []
  const log = createLog({ level: 'info', secrets: [], stream: { write: (line) => void lines.push(line) } })
  const observe = createObserver(
    log,
    createMetrics({ webhooks: 0, bytes: 0 }, () => 0),
  )
  const delivered = { kind: 'item.delivered', destination: 'main', batchId: 'b', items: [] } as const // of level debug
  const changed = { kind: 'destination.changed', destination: 'main', state: 'closed', reason: null } as const
  observe(delivered)
  observe(changed)
  log.level = 'debug'
  observe(delivered)
  log.level = 'error'
  observe(changed)
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['destination.changed', 'item.delivered'])
})
