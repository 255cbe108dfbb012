import { z } from 'zod'
import { fixtureFields } from '../../src/api/fixture.ts'
import { mapperSchema, presentMapper } from '../../src/api/mappers.ts'
import { presentWebhookPreview, webhookPreviewSchema } from '../../src/api/previews.ts'
import { RelayError } from '../../src/domain/errors.ts'
import { type Route, route } from '../../src/http/route.ts'
import { modelsSchema } from '../../src/mapping/definition/models.ts'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import type { ItemRules, Mapper } from '../../src/mapping/mapper.ts'
import type { Relay } from '../../src/relay.ts'
import { fixtureAnswers } from '../../src/stages/fetch/fixture-answers.ts'
import { deliveryOf, previewWebhook } from '../../src/stages/operate/preview-webhook.ts'

const previewBody = z.strictObject({
  ...fixtureFields,
  source: z.string().optional().describe('Take vars, models and destination of this source.'),
  vars: z.record(z.string(), z.unknown()).default({}).describe('Laid over those of the source.'),
  models: modelsSchema.default({}).describe('Laid over those of the source, by name.'),
})

/** Mappers: list, and the preview of one webhook. */
export function mappers(relay: Relay): readonly Route[] {
  function choose(
    name: string,
    sourceName: string | undefined,
    vars: object,
    models: z.output<typeof modelsSchema>,
  ): { mapper: Mapper; rules: ItemRules } {
    const definition = relay.mappers.get(name)
    if (!definition) throw new RelayError('not_found', `no mapper '${name.slice(0, 64)}'`)
    const config =
      sourceName !== undefined && relay.sources.has(sourceName) ? relay.config.sources[sourceName] : undefined
    if (sourceName !== undefined && !config) throw new RelayError('not_found', `no source '${sourceName.slice(0, 64)}'`)
    const target = relay.destinations.get(config ? ([config.destination].flat()[0] ?? '') : '')
    const mapper = bindMapper(definition, {
      source: sourceName ?? 'preview',
      vars: { ...config?.vars, ...vars },
      models: { ...config?.models, ...models },
      html: config?.html ?? 'safe',
    })
    return { mapper, rules: target?.rules ?? { siteDomain: null, defaultLanguage: undefined } }
  }

  return [
    route({
      method: 'GET',
      path: '/api/v1/mappers',
      name: 'listMappers',
      tag: 'mappers',
      role: 'viewer',
      summary: 'Every mapper, built in or your own',
      answer: z.array(mapperSchema),
      holdsNoContent: true,
      handle: async () => ({ data: relay.mappers.list().map(presentMapper) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/mappers/:name/preview',
      name: 'previewWebhook',
      tag: 'mappers',
      role: 'viewer',
      summary: 'What one webhook would come to; nothing is verified, kept, fetched or sent',
      body: previewBody,
      answer: webhookPreviewSchema,
      errors: [404],
      async handle({ params: { name }, body: { source, vars, models, fetched, ...fixture } }) {
        const { mapper, rules } = choose(name, source, vars, models)
        const delivery = deliveryOf(fixture, source ?? 'preview')
        const limit = relay.config.server.body_limit
        const preview = await previewWebhook(mapper, delivery, rules, limit, fixtureAnswers(fetched))
        return { data: presentWebhookPreview(preview) }
      },
    }),
  ]
}
