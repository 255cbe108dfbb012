import { readOutcome } from '../../ingest/client/outcome.ts'
import { heartbeatBody } from '../../ingest/wire.ts'
import type { Destination } from '../destination.ts'

/** What came of the call that is made before a destination is enabled. */
export interface TestCall {
  /** `unclear`: nothing that speaks against the credentials, such as no answer, or an API that knows no heartbeat. */
  readonly result: 'accepted' | 'refused' | 'unclear'
  /** HTTP status; null if there was no answer. */
  readonly status: number | null
  readonly error: string | null
  /** The API itself has answered, and nothing is wrong with it. */
  readonly isWell: boolean
  /** How far the API's clock was found to be ahead. */
  readonly skewMs: number
}

export interface TestCallDeps {
  readonly destination: Pick<Destination, 'client' | 'websiteId'>
  /** The correction that the client signs with now. */
  readonly skewMs: number
  readonly now: () => number
  readonly newId: () => string
}

/** One signed call that changes nothing: a heartbeat. A clock that is off is corrected, and the call made once more. */
export async function testCall(deps: TestCallDeps, signal?: AbortSignal): Promise<TestCall> {
  const first = await heartbeat(deps, signal)
  if (first.result !== 'refused' || first.skewMs === deps.skewMs) return first
  deps.destination.client.setClockSkew(first.skewMs)
  return heartbeat({ ...deps, skewMs: first.skewMs }, signal)
}

async function heartbeat(deps: TestCallDeps, signal: AbortSignal | undefined): Promise<TestCall> {
  const { destination, skewMs, now, newId } = deps
  const body = heartbeatBody(destination.websiteId)
  const answer = await destination.client.send({ path: 'heartbeat', key: newId(), body }, signal)
  const outcome = readOutcome(answer, [], now(), 'upsert', skewMs)
  const status = answer.kind === 'answer' ? answer.status : null
  const isOfTheApi = answer.kind === 'answer' && (answer.envelope !== null || answer.status === 204)
  const isWell = isOfTheApi && answer.status < 500 && outcome.kind !== 'retry' && outcome.kind !== 'unauthorized'
  if (outcome.kind === 'settled') return { result: 'accepted', status, error: null, isWell, skewMs }
  if (outcome.kind === 'unauthorized') {
    return { result: 'refused', status, error: outcome.reason, isWell, skewMs: outcome.skewMs ?? skewMs }
  }
  return { result: 'unclear', status, error: outcome.reason, isWell, skewMs }
}
