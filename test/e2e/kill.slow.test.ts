import { expect, test } from 'vitest'
import { accepted } from '../scripted-ingest.ts'
import { type RelayProcess, untilSettled } from './process.ts'
import { createEffect, expectDelivered, startIngest, storm } from './storm.ts'

// What is promised of a kill is tested twice in kill.test.ts; this one looks for moments that it is not kept at.
test('kill -9 five times over, at every kind of moment, ends in the state that was acknowledged', {
  timeout: 60_000,
}, async () => {
  const { ingest, serve } = await startIngest()
  const effect = createEffect()
  const acknowledged: (readonly [number, number])[] = []
  let relay: RelayProcess
  const kill = () => relay.kill('SIGKILL')
  const moments = {
    'at the first acknowledgement': { count: 1 },
    'before the call is applied': { called: () => kill() },
    'when it is applied and not yet answered': { applied: () => kill() },
    'when it is answered and not yet settled': { answered: () => kill() },
    'in the middle of receiving': { count: 20 },
  }
  for (const [round, moment] of Object.values(moments).entries()) {
    const at: Partial<Record<'called' | 'applied' | 'answered', () => void> & { count: number }> = moment
    ingest.answer((call) => {
      at.called?.()
      effect.apply(call)
      at.applied?.()
      return (response) => {
        const { status, body } = accepted(call.ids)
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body), at.answered)
      }
    })
    relay = await serve()
    const versions = [1, 2, 3].map((version) => 3 * round + version)
    const sent = await storm(relay.origin, { products: 12, versions }, (count) => {
      if (count === at.count) kill()
    })
    expect(await relay.ended).toMatchObject({ signal: 'SIGKILL' })
    acknowledged.push(...sent.acknowledged)
  }
  ingest.answer((call) => effect.apply(call) as undefined)
  relay = await serve()
  await untilSettled(relay.origin)
  expect(acknowledged.length).toBeGreaterThan(20)
  expectDelivered(effect, acknowledged)
})
