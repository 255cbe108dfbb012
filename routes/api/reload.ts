import { reloadBody, reloadSchema } from '../../src/api/reload.ts'
import { type Route, route } from '../../src/http/route.ts'
import type { Relay } from '../../src/relay.ts'

/** `POST /reload`: brings what runs to what the configuration says now. */
export function reload(relay: Relay): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/reload',
      name: 'reload',
      tag: 'operation',
      role: 'admin',
      summary: 'Read the configuration again, and bring the relay to what it says',
      body: reloadBody,
      answer: reloadSchema,
      async handle({ body: { dry_run: dryRun, yes } }) {
        const { applied, plan, issues, needs_restart, warnings } = await relay.reload({ dryRun, yes })
        return {
          data: {
            applied,
            plan: [...plan],
            issues: [...issues],
            needs_restart: [...needs_restart],
            warnings: [...warnings],
          },
        }
      },
    }),
  ]
}
