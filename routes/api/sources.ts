import { z } from 'zod'
import { presentOtherSource, presentSource, sourceSchema } from '../../src/api/sources.ts'
import { type Route, route } from '../../src/http/route.ts'
import type { Relay } from '../../src/relay.ts'

/** Sources: what is wired to what. */
export function sources(relay: Relay): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/sources',
      name: 'listSources',
      tag: 'sources',
      role: 'viewer',
      summary: 'What is wired to what',
      answer: z.array(sourceSchema),
      holdsNoContent: true,
      async handle() {
        const rows = [...relay.sources.values()].map(({ verifier, ...source }) =>
          presentSource({
            ...source,
            verify: verifier.scheme,
            rateLimit: relay.config.sources[source.name]?.rate_limit,
            rhythm: relay.watch.rhythmOf(source.name),
          }),
        )
        const others = await relay.store.listOtherSources([...relay.sources.keys()])
        return { data: [...rows, ...others.map(presentOtherSource)] }
      },
    }),
  ]
}
