import type { FastifyInstance } from 'fastify'
import { ok } from '../../src/api/envelope.ts'
import { present } from '../../src/api/present.ts'
import type { SourceRhythm } from '../../src/stages/upkeep/watch.ts'

/** Sources: what is wired to what. */
export async function sources(app: FastifyInstance): Promise<void> {
  const { relay } = app
  app.get('/sources', { config: { holdsNoContent: true } }, async (request) => {
    const rows = [...relay.sources.values()].map(({ name, enabled, mapper, verifier, destinations }) => ({
      name,
      enabled,
      state: enabled ? 'active' : 'off',
      path: `/webhooks/${name}`,
      mapper: mapper.name,
      mapper_version: mapper.version,
      verify: verifier.scheme,
      destinations,
      rate_limit: relay.config.sources[name]?.rate_limit ?? null,
      ...showRhythm(relay.watch.rhythmOf(name)),
    }))
    const others = await relay.store.listOtherSources([...relay.sources.keys()])
    const unconfigured = others.map(({ source: name, ...events }) => ({
      name,
      enabled: false,
      state: 'unconfigured',
      path: null,
      mapper: null,
      mapper_version: null,
      verify: null,
      destinations: [],
      rate_limit: null,
      ...showRhythm({ lastAt: null, limitMs: null, silentAt: null }),
      events,
    }))
    return ok([...rows, ...unconfigured], request.id, { cursor: null })
  })
}

function showRhythm({ lastAt, limitMs, silentAt }: SourceRhythm): Record<string, unknown> {
  return present({ lastWebhookAt: lastAt, silentAfterMs: limitMs, silentAt })
}
