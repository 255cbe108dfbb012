import { expect, test } from 'vitest'
import { type Waiting, whyPending } from '../../src/domain/why-pending.ts'

const now = Date.parse('2026-01-31T08:00:00Z')
const due: Waiting = {
  status: 'pending',
  destination: 'main',
  dueAt: now - 1,
  error: null,
  standing: 'on',
  circuit: { state: 'closed', retryAt: 0, reason: null },
  batch: null,
  now,
}
const batch = { id: 'bat_1', status: 'open', nextAt: now + 60_000, error: '503: busy' }
const open = { state: 'open', retryAt: now + 5_000, reason: 'timeout' } as const

test.each<[string, Partial<Waiting>, string | null]>([
  ['is due', {}, 'it is due: a running relay sends it next'],
  ['was delivered', { status: 'delivered' }, null],
  ['was given up', { status: 'dead', error: 'refused' }, null],
  ['may change again', { dueAt: now + 1_000 }, 'further changes may follow: it is sent at 2026-01-31T08:00:01.000Z'],
  ['was sent back', { dueAt: now + 1_000, error: 'locked' }, 'it is tried again at 2026-01-31T08:00:01.000Z (locked)'],
  ['is in a batch that waits', { batch }, 'batch bat_1 is tried again at 2026-01-31T08:01:00.000Z (503: busy)'],
  ['is being sent', { batch: { ...batch, status: 'claimed' } }, 'batch bat_1 is being sent'],
  [
    'waits for a circuit',
    { circuit: open, batch },
    "destination 'main' fails, and is tried again at 2026-01-31T08:00:05.000Z (timeout)",
  ],
  [
    'waits for an operator',
    { circuit: { ...open, state: 'disabled', reason: 'by hand' } },
    "destination 'main' is disabled (by hand)",
  ],
  [
    'is of a destination that is off',
    { standing: 'off', circuit: open },
    "destination 'main' is switched off in the configuration",
  ],
  ['is of one that is gone', { standing: 'unconfigured' }, "destination 'main' is not configured"],
])('an item that %s says why it is not delivered', (_, over, why) => {
  expect(whyPending({ ...due, ...over })).toBe(why)
})
