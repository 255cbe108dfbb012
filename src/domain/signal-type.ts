import type { Signal } from './signal.ts'

/** What a signal is called where people choose which they want: the stream, and the webhooks to the operator. */
export const signalTypes = [
  'event.received',
  'event.duplicate',
  'event.processed',
  'event.skipped',
  'event.failed',
  'event.fetched',
  'webhook.answered',
  'webhook.refused',
  'webhook.rate_limited',
  'admin.refused',
  'admin.done',
  'batch.attempted',
  'item.delivered',
  'item.dead',
  'item.version_ahead',
  'item.removal_stale',
  'destination.opened',
  'destination.disabled',
  'destination.recovered',
  'destination.tested',
  'destination.clock_skew',
  'clock.stepped_back',
  'destination.retargeted',
  'destination.unconfigured',
  'source.unconfigured',
  'store.lost',
  'store.back',
  'store.log_grows',
  'source.silent',
  'source.resumed',
  'config.reloaded',
  'config.refused',
  'step.failed',
  'notification.attempted',
  'notification.dropped',
] as const
export type SignalType = (typeof signalTypes)[number]

/** Of these the operator may be sent webhooks; of the webhooks themselves not, since one that fails would beget more. */
export const notifiableTypes = signalTypes.filter((type) => !type.startsWith('notification.'))

const changeTypes = {
  closed: 'destination.recovered',
  open: 'destination.opened',
  disabled: 'destination.disabled',
} as const

/** Logs have one name for what has several outcomes; subscribers want one of them. */
export function signalTypeOf(signal: Signal): SignalType {
  switch (signal.kind) {
    case 'webhook.received':
      return signal.duplicate ? 'event.duplicate' : 'event.received'
    case 'event.mapped':
      return `event.${signal.status}`
    case 'destination.changed':
      return changeTypes[signal.state]
    default:
      return signal.kind
  }
}
