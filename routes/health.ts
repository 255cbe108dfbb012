import { z } from 'zod'
import { type Route, route } from '../src/http/route.ts'
import type { Relay } from '../src/relay.ts'

/** `/healthz`: the process is alive. `/readyz`: the store can be written and the loops run. */
export function health(relay: Relay): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/healthz',
      name: 'checkAlive',
      tag: 'health',
      role: 'public',
      summary: 'Whether the process is alive',
      answer: z.strictObject({ status: z.literal('alive') }),
      handle: async () => ({ data: { status: 'alive' as const } }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      name: 'checkReady',
      tag: 'health',
      role: 'public',
      summary: 'Whether the store can be written',
      answer: z.strictObject({ status: z.literal('ready') }),
      async handle() {
        await relay.checkReady()
        return { data: { status: 'ready' as const } }
      },
    }),
  ]
}
