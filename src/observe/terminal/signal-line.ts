import { errorPatternOf } from '../../domain/error-pattern.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Signal } from '../../domain/signal.ts'
import { fieldsOf } from '../signal-fields.ts'
import { countText, itemText, type Line, spanText } from './line.ts'
import { unknownLine } from './record-line.ts'
import { refusalLine } from './refusal-line.ts'
import type { Surroundings } from './surroundings.ts'

type Kind = Signal['kind']
type Lines = { readonly [K in Kind]: (signal: Extract<Signal, { kind: K }>, around: Surroundings) => Line }

/**
 * One line for each kind of signal; the compiler asks for it when a kind is added. What is told better by another signal, or by
 * several together, has level `debug` here.
 */
const lines: Lines = {
  'webhook.received': ({ source, topic, eventId, bytes, duplicate }) =>
    duplicate
      ? { ...quiet(source), topic, what: eventId, outcome: 'duplicate' }
      : { ...hidden(source), topic, what: eventId, outcome: `received, ${countText(bytes, 'byte')}` },
  'webhook.answered': ({ source, status, note }) =>
    note === undefined
      ? { ...quiet(source), outcome: `${status} a ping or test of the CMS was answered` }
      : { ...warning(source), outcome: `${status} the CMS waits for you`, detail: note },
  'webhook.refused': refusalLine,
  'webhook.rate_limited': ({ source, count, reason }) => ({
    ...warning(source),
    outcome: `429 ${countText(count, 'webhook')} refused`,
    detail: reason,
    cure: `raise sources.${source}.rate_limit if they are wanted`,
  }),
  'admin.refused': ({ ip, code, count }) => ({
    ...warning('admin API'),
    outcome: `${code === 'rate_limited' ? '429' : '401'} ${countText(count, 'request')} from ${ip} without the token`,
    cure: 'send `Authorization: Bearer` and server.admin_token',
  }),
  'admin.done': ({ what, target, status, count, ip, dryRun }) => ({
    ...(/^(GET|HEAD) /.test(what) ? hidden('admin API') : quiet('admin API')),
    outcome: `${status} ${what}${target === null ? '' : ` (${target})`}${count === undefined ? '' : `: ${count.toLocaleString('en')}`}`,
    detail: `from ${ip}${dryRun ? ', dry run' : ''}`,
  }),
  'event.mapped': (signal) => mappedLine(signal),
  'item.version_ahead': ({ source, type, id, version, countedAs, count }) => ({
    ...warning(source),
    topic: null,
    what: itemText({ type, id }),
    outcome: 'its version lies ahead of time',
    detail: `${version} counts as ${countedAs}${more(count)}`,
    cure: 'is the clock of the CMS off?',
    like: 'version ahead',
  }),
  'item.removal_stale': ({ source, type, id, version, known, count }) => ({
    ...warning(source),
    topic: null,
    what: itemText({ type, id }),
    outcome: 'stays: its removal is older than what is known',
    detail: `${version ?? 'no version'} against ${known ?? 'no version'}${more(count)}`,
    like: 'removal stale',
  }),
  'event.fetched': ({ source, topic, eventId, error, afterMs, attempt, requests, durationMs }) => {
    const line = { topic, what: eventId }
    if (error === null || afterMs === null) {
      return {
        ...hidden(source),
        ...line,
        outcome: `asked the CMS: ${countText(requests.length, 'request')} in ${spanText(durationMs)}`,
      }
    }
    return {
      ...warning(source),
      ...line,
      outcome: `waits for the CMS, asked again in ${spanText(afterMs)}${tryText(attempt)}`,
      detail: error,
    }
  },
  'batch.attempted': ({ destination, items, item, call, outcome, error, attempt, durationMs, delivered }) => {
    const what = item ? itemText(item) : countText(items, 'item')
    if (outcome === 'settled') {
      return {
        ...hidden(destination),
        topic: call,
        what,
        outcome: `${delivered} of ${items} taken in ${spanText(durationMs)}`,
      }
    }
    return {
      ...warning(destination),
      topic: null,
      what,
      outcome: `${afterwards[outcome] ?? outcome}${tryText(attempt)}`,
      detail: error,
      cure: isRefusedHere(error) ? startsSandbox : cures[outcome],
      like: `${outcome} ${errorPatternOf(error ?? '')}`,
    }
  },
  'item.delivered': ({ destination, items }) => ({
    ...hidden(destination),
    what: countText(items.length, 'item'),
    outcome: 'taken',
  }),
  'item.dead': ({ destination, type, id, error }) => ({
    ...failure(destination),
    level: 'warn',
    topic: null,
    what: itemText({ type, id }),
    outcome: 'given up',
    detail: error,
    cure: 'mend the cause, then `cms-relay redeliver`; `cms-relay errors` lists all',
  }),
  'destination.changed': ({ destination, state, reason }) => {
    if (state === 'closed') return { ...quiet(destination), mark: 'good', outcome: 'takes items again' }
    if (state === 'open') {
      return {
        ...failure(destination),
        outcome: 'rests: it keeps failing, and is tried by one call at a time',
        detail: reason,
        cure: isRefusedHere(reason) ? startsSandbox : undefined,
      }
    }
    const cure = `mend the cause, then \`cms-relay enable ${destination}\`; its items wait`
    return { ...failure(destination), outcome: 'disabled', detail: reason, cure }
  },
  'destination.tested': ({ destination, result, error, durationMs }) =>
    result === 'accepted'
      ? { ...quiet(destination), outcome: `test call accepted in ${spanText(durationMs)}` }
      : { ...warning(destination), outcome: `test call ${result}`, detail: error },
  'destination.clock_skew': ({ destination, skewMs }) => ({
    ...warning(destination),
    outcome: `its clock is ${spanText(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}: calls are signed with its time`,
    cure: 'set the clock of this machine',
  }),
  'clock.stepped_back': ({ byMs }) => ({
    ...warning('relay'),
    outcome: `the clock of this machine was set back by ${spanText(byMs)}`,
  }),
  'destination.retargeted': ({ destination, changed, resent, mappedAgain, dead }) => ({
    ...warning(destination),
    outcome: 'is another one than at the last start',
    detail: `${changed.join(', ')} changed: ${countText(resent, 'item')} sent anew, ${mappedAgain} mapped again, ${dead} given up`,
  }),
  // The banner warns of these two.
  'destination.unconfigured': ({ destination, pending, dead, advice }) => ({
    ...hidden(destination),
    mark: 'warn',
    outcome: `not configured, with ${pending} pending and ${dead} dead items`,
    cure: advice,
  }),
  'source.unconfigured': ({ source, waiting, failed, advice }) => ({
    ...hidden(source),
    mark: 'warn',
    outcome: `not configured, with ${waiting} waiting and ${failed} failed events`,
    cure: advice,
  }),
  'store.lost': ({ error }) => ({ ...failure('store'), outcome: 'lost: webhooks are answered 503', detail: error }),
  'store.back': () => ({ ...quiet('store'), mark: 'good', outcome: 'back: webhooks are taken again' }),
  'store.log_grows': ({ logBytes, stuckMs }) => ({
    ...warning('store'),
    outcome: `its log has ${Math.round(logBytes / 1024 ** 2)} MB: something has read the database for ${spanText(stuckMs)}`,
    cure: '`fuser -v` on the database file names it: end it',
  }),
  'source.silent': ({ source, silentMs, limitMs }) => ({
    ...warning(source),
    outcome: `silent for ${spanText(silentMs)}, more than ${spanText(limitMs)} is unusual`,
    cure: 'look at the webhook settings of the CMS: some switch a webhook off that failed',
  }),
  'source.resumed': ({ source, silentMs }) => ({
    ...quiet(source),
    mark: 'good',
    outcome: `sends again, after ${spanText(silentMs)}`,
  }),
  'notification.attempted': ({ endpoint, type, outcome, error, afterMs, attempt }) => {
    if (outcome === 'sent') return { ...hidden(endpoint), outcome: `told of ${type}` }
    const next = afterMs === null ? 'given up' : `tried again in ${spanText(afterMs)}`
    return {
      ...warning(endpoint),
      outcome: `could not be told of ${type}, ${next}${tryText(attempt)}`,
      detail: error,
      like: `not told of ${type}`,
    }
  },
  'notification.dropped': ({ endpoint, count, reason }) => ({
    ...warning(endpoint),
    outcome: `will not be told of ${countText(count, 'signal')}`,
    detail: reason,
  }),
  'config.reloaded': ({ changes, needsRestart, warnings }) => {
    const done = changes.length === 0 ? 'nothing has changed' : changes.join(', ')
    const restart = needsRestart.length === 0 ? '' : `; from the next start: ${needsRestart.join(', ')}`
    if (warnings.length === 0) return { ...quiet('relay'), mark: 'good', outcome: 'reloaded', detail: done + restart }
    return { ...warning('relay'), outcome: 'reloaded', detail: `${done}${restart}; ${warnings.join('; ')}` }
  },
  'config.refused': ({ issues }) => ({
    ...failure('relay'),
    outcome: `not reloaded, ${countText(issues.length, 'mistake')}`,
    detail: issues.map((issue) => issue.replace(/^: /, '')).join('; '),
    cure: '`cms-relay check` shows each; the relay goes on as before',
  }),
  'step.failed': ({ loop, error }) => ({
    ...failure('relay'),
    outcome: `${loop} failed`,
    detail: messageOf(error),
    stack: error instanceof Error && error.name !== 'RelayError' ? error.stack : undefined,
  }),
}

/** A line for any signal. One of a kind that nobody has heard of is told by its fields. */
export function signalLine(signal: Signal, around: Surroundings): Line {
  const lineOf = lines[signal.kind] as ((signal: Signal, around: Surroundings) => Line) | undefined
  return lineOf?.(signal, around) ?? unknownLine({ msg: signal.kind, ...fieldsOf(signal) })
}

const afterwards: Readonly<Record<string, string>> = {
  retry: 'not taken yet',
  unauthorized: 'not authorized',
  conflict: 'refused for its key',
  split: 'too large at once',
  stuck: 'not taken at once',
  rejected: 'refused as a whole',
}

/** What the relay does about it; the rest waits, or is tried again. */
const cures: Readonly<Record<string, string>> = {
  conflict: 'goes out again under another key',
  split: 'goes out in parts',
  stuck: 'goes out in parts',
  rejected: 'goes out in parts, to find the item that is at fault',
}

const startsSandbox = 'nothing listens there; `cms-relay sandbox` starts an ingest API to try with'

/** Whether nothing listens on this machine, where an ingest API can only be one to try with. */
function isRefusedHere(error: string | null): boolean {
  return /ECONNREFUSED (127\.|::1:)/.test(error ?? '')
}

function mappedLine(signal: Extract<Signal, { kind: 'event.mapped' }>): Line {
  const { source, topic, eventId, items, status, reason } = signal
  const line = { topic, what: whatOf(eventId, items) }
  if (status === 'failed') {
    return {
      ...failure(source),
      level: 'warn',
      ...line,
      outcome: 'failed',
      detail: reason,
      cure: `\`cms-relay events ${eventId}\` shows it`,
    }
  }
  if (status === 'skipped') {
    return reason === 'stale'
      ? { ...quiet(source), ...line, outcome: 'stale: something newer is known' }
      : { ...quiet(source), ...line, outcome: 'skipped', detail: reason }
  }
  const { applied, unchanged, stale, held = 0 } = signal
  if (applied > 0) return { ...hidden(source), ...line, outcome: `mapped: ${countText(applied, 'change')}` }
  if (held > 0) return { ...quiet(source), ...line, outcome: 'noted: an operator holds it', like: 'held' }
  if (unchanged > 0)
    return { ...quiet(source), ...line, outcome: stale > 0 ? 'unchanged or stale, not sent' : 'unchanged, not sent' }
  return { ...quiet(source), ...line, outcome: 'nothing to send' }
}

interface ItemName {
  readonly type: string
  readonly id: string
}

/** An event and what it is about: `evt_2 → product:1`, `evt_2 → 12 items`. */
export function whatOf(eventId: string, items: readonly ItemName[]): string {
  const names = new Set(items.map(itemText))
  const [first] = names
  if (first === undefined) return eventId
  return `${eventId} → ${names.size === 1 ? first : countText(names.size, 'item')}`
}

export function tryText(attempt: number): string {
  return attempt > 1 ? ` (try ${attempt})` : ''
}

function more(count: number): string {
  return count > 1 ? `, and ${count - 1} more since` : ''
}

const hidden = (subject: string) => ({ level: 'debug', mark: 'quiet', subject }) as const
const quiet = (subject: string) => ({ level: 'info', mark: 'quiet', subject }) as const
const warning = (subject: string) => ({ level: 'warn', mark: 'warn', subject }) as const
const failure = (subject: string) => ({ level: 'error', mark: 'error', subject }) as const
