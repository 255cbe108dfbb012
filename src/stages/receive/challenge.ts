import { RelayError } from '../../domain/errors.ts'
import type { InboundRequest } from '../../domain/inbound-request.ts'
import type { Emit } from '../../domain/signal.ts'
import type { Ping } from '../../mapping/mapper.ts'
import { readWebhook } from '../../mapping/webhook/webhook.ts'
import type { Source } from '../source.ts'
import { requireAllowed } from './allowed.ts'

export interface ChallengeDeps {
  readonly sources: ReadonlyMap<string, Source>
  readonly now: () => number
  readonly emit: Emit
}

/**
 * Answers a GET of a source's URL. Throws RelayError `not_found` for one that the source's mapper does not know, and
 * ForbiddenAddress.
 */
export type AnswerChallenge = (delivery: InboundRequest, address?: string) => Promise<Ping>

/** A sender proves with a GET that the URL is ours, or that it is there. Nothing is kept, and nothing is called. */
export function createAnswerChallenge({ sources, now, emit }: ChallengeDeps): AnswerChallenge {
  return async function answerChallenge(delivery, address) {
    const source = sources.get(delivery.source)
    if (source?.enabled && address !== undefined) requireAllowed(source, address)
    const ping = source?.enabled ? await readPing(source, delivery, now()) : null
    if (!source || !ping) throw new RelayError('not_found', 'no source answers this GET: webhooks are sent by POST')
    const { status, note } = ping
    emit({ kind: 'webhook.answered', source: source.name, status, bytes: delivery.body.length, note })
    return ping
  }
}

async function readPing({ mapper, verifier }: Source, delivery: InboundRequest, at: number): Promise<Ping | null> {
  const verdict = await verifier.verify(delivery, at)
  const read = verdict.ok ? verdict.delivery : delivery // less the secrets in path and query
  const ping = await mapper.readPing(await readWebhook({ ...read, limit: read.body.length }))
  return ping && (verdict.ok || ping.unsigned) ? ping : null
}
