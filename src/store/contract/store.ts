import type { Browsing } from './browsing.ts'
import type { Circuits } from './circuits.ts'
import type { Delivering } from './delivering.ts'
import type { Mapping } from './mapping.ts'
import type { Operating } from './operating.ts'
import type { Receiving } from './receiving.ts'
import type { Statistics } from './statistics.ts'
import type { Upkeep } from './upkeep.ts'

export type * from './browsing.ts'
export type * from './circuits.ts'
export type * from './delivering.ts'
export type * from './mapping.ts'
export type * from './operating.ts'
export type * from './receiving.ts'
export type * from './rows.ts'
export type * from './statistics.ts'
export type * from './upkeep.ts'

/**
 * Where events, items and batches live. Two rules hold for every method: when the promise resolves the change is
 * committed, all of it or nothing; and arguments and answers are plain data, so that an engine may run elsewhere.
 * Times are unix milliseconds. What is due and which leases are over is judged by the store's clock, the same for all replicas, so
 * callers say for how long and not until when. A caller's own times are those of receipt (`receivedAt`), of calls (`at` of an
 * attempt) and those from which on something is due again (`dueAt`, `nextAt`). Ids of events (`evt_<seq>`) are made from their sequence number.
 *
 *     event   pending ──map──▶ processed | skipped(reason) | failed(error) ──replay──▶ pending
 *                └──map──▶ waiting ──fetch──▶ the same | waiting
 *     item    pending ──claim, seal, settle──▶ delivered | dead(error) ──redeliver, newer change──▶ pending
 *     batch   claimed ──seal──▶ open ──settle──▶ done | split          (claimed without bytes: released on recovery)
 */
export interface Store extends Receiving, Mapping, Delivering, Circuits, Operating, Browsing, Statistics, Upkeep {}
