import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { ok } from '../../src/api/envelope.ts'
import { readInput, snakeCase } from '../../src/api/present.ts'
import { RelayError } from '../../src/domain/errors.ts'
import { modelsSchema } from '../../src/mapping/definition/models.ts'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import type { ItemRules, Mapper } from '../../src/mapping/mapper.ts'
import { fixtureAnswers } from '../../src/stages/fetch/fixture-answers.ts'
import { deliveryOf, preview } from '../../src/stages/operate/preview.ts'

const previewBody = z.strictObject({
  headers: z.record(z.string(), z.string()).optional(),
  body: z.unknown().optional(),
  rawBody: z.string().optional(),
  query: z.string().optional(),
  fetched: z
    .array(
      z.strictObject({
        method: z.string().optional(),
        url: z.string(),
        status: z.int().optional(),
        body: z.unknown().optional(),
      }),
    )
    .default([])
    .describe("What the CMS's API would answer."),
  source: z.string().optional().describe('Take vars, models and destination of this source.'),
  vars: z.record(z.string(), z.unknown()).default({}),
  models: modelsSchema.default({}),
})

/** Mappers: list, and the dry run of one webhook. */
export async function mappers(app: FastifyInstance): Promise<void> {
  const { relay } = app

  app.get('/mappers', { config: { holdsNoContent: true } }, async (request) =>
    ok(relay.mappers.list().map(snakeCase), request.id, { cursor: null }),
  )

  app.post<{ Params: { name: string } }>('/mappers/:name/preview', async (request) => {
    const { source, vars, models, fetched, ...fixture } = readInput(previewBody, request.body, 'body')
    const { mapper, rules } = choose(request.params.name, source, vars, models)
    const delivery = deliveryOf(fixture, source ?? 'preview')
    const answers = fixtureAnswers(fetched)
    return ok(await preview(mapper, delivery, rules, relay.config.server.body_limit, answers), request.id)
  })

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
}
