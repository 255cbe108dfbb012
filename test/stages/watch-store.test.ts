import { expect, test } from 'vitest'
import { RelayError } from '../../src/domain/errors.ts'
import type { Signal } from '../../src/domain/signal.ts'
import { createStoreWatch } from '../../src/stages/upkeep/watch-store.ts'
import type { StoreFiles } from '../../src/store/contract/store.ts'

function watch() {
  const signals: Signal[] = []
  let found: StoreFiles | RelayError = { logBytes: 0, logPages: 0 }
  let at = 1_000
  const store = {
    async checkFiles() {
      if (found instanceof RelayError) throw found
      return found
    },
  }
  const { step, files } = createStoreWatch({ store, now: () => at, emit: (signal) => void signals.push(signal) })
  const see = async (next: StoreFiles | RelayError, afterMs = 0) => {
    found = next
    at += afterMs
    await step()
    return signals.splice(0)
  }
  return { see, files }
}

const pages = (logPages: number) => ({ logBytes: logPages * 4_120, logPages })

test('a store that is lost is told once, and once that it is back', async () => {
  const { see } = watch()
  const lost = new RelayError('unavailable', 'it was deleted')
  expect(await see(pages(1))).toEqual([])
  expect(await see(lost)).toEqual([{ kind: 'store.lost', error: 'it was deleted' }])
  expect(await see(lost)).toEqual([])
  expect(await see(pages(1))).toEqual([{ kind: 'store.back' }])
  expect(await see(pages(1))).toEqual([])
})

test('a log that a reader lets grow is told, and again only when it has doubled', async () => {
  const { see, files } = watch()
  expect(await see(pages(15_999))).toEqual([])
  expect(files()).toEqual({ ...pages(15_999), stuckSince: null })
  expect(await see(pages(16_001))).toEqual([{ kind: 'store.log_grows', ...pages(16_001), stuckMs: 0 }])
  expect(await see(pages(30_000), 60_000)).toEqual([])
  expect(files()).toEqual({ ...pages(30_000), stuckSince: 1_000 })
  expect(await see(pages(40_000), 1_000)).toEqual([{ kind: 'store.log_grows', ...pages(40_000), stuckMs: 61_000 }])
  expect(await see(pages(10))).toEqual([])
  expect(files().stuckSince).toBe(null)
  expect(await see(pages(16_001))).toHaveLength(1)
})
