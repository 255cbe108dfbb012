import { presentWebhookPreview } from '../../../api/previews.ts'
import { fetchText } from '../../../domain/fetch.ts'
import type { InboundRequest } from '../../../domain/inbound-request.ts'
import type { Proof } from '../../../domain/proof.ts'
import type { ItemRules, Mapper } from '../../../mapping/mapper.ts'
import { fixtureAnswers } from '../../../stages/fetch/fixture-answers.ts'
import { type Fixture, previewWebhook } from '../../../stages/operate/preview-webhook.ts'

interface OutcomeDeps {
  readonly mapper: Mapper
  readonly delivery: InboundRequest
  readonly fetched: Fixture['fetched']
  readonly rules: ItemRules
  readonly proof: Proof | null
}

/** What a fixture comes to, as its `.expected.json` has it: what `map` prints, less what changes with each edit of the mapper. */
export async function outcomeOfFixture({
  mapper,
  delivery,
  fetched = [],
  rules,
  proof,
}: OutcomeDeps): Promise<unknown> {
  const asks = new Set<string>()
  const known = fixtureAnswers(fetched)
  const answers: typeof known = (request) => {
    asks.add(fetchText(request))
    return known(request)
  }
  const limit = Math.max(delivery.body.length, 1)
  const preview = await previewWebhook(mapper, delivery, rules, limit, answers, proof)
  const { event, changes, skipped, problems } = presentWebhookPreview(preview)
  const { ping } = preview
  return JSON.parse(
    JSON.stringify({
      event: { id: event.id, topic: event.topic },
      changes,
      skipped,
      problems,
      ...(ping !== null && { ping }),
      ...(asks.size > 0 && { asks: [...asks] }),
    }),
  )
}
