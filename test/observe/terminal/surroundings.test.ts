import { expect, test } from 'vitest'
import { surroundingsOf } from '../../../src/observe/terminal/surroundings.ts'

const debounce = { debounceMs: 1_000, maxWaitMs: 15_000 }
const running = (enabled: boolean) =>
  surroundingsOf({
    sources: new Map(),
    destinations: new Map([['main', { enabled, debounce }]]),
    delivers: new Map(),
  })

test('a destination that is not configured has no standing; one without circuit is closed, or off', () => {
  expect(running(true).standingOf('other')).toBeNull()
  expect(running(true).standingOf('main')).toEqual({ state: 'closed', reason: null, maxWaitMs: 15_000 })
  expect(running(false).standingOf('main')).toEqual({ state: 'off', reason: null, maxWaitMs: 15_000 })
})
