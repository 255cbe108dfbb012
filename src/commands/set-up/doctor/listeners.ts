import { readText } from '../../../http-client/answer.ts'
import { createHttpClient } from '../../../http-client/client.ts'
import { readRoot } from '../../../http-client/url.ts'
import { type Check, type Diagnosis, diagnosing } from './diagnosis.ts'

type Alive = { readonly is: true } | { readonly is: false; readonly why: string }

const timeoutMs = 10_000
const maxBytes = 64 * 1024

/** Whether a cms-relay answers at an address, asked as the relay itself asks others: through a proxy, if there is one. */
async function askAlive(base: string, signal: AbortSignal): Promise<Alive> {
  const { origin, path } = readRoot(base)
  const client = createHttpClient({ origin, connections: 1, timeoutMs })
  const answer = await client.ask(async (send) => {
    const { statusCode: status, body } = await send({ method: 'GET', path: `${path}/healthz`, headers: {}, body: null })
    return { kind: 'answer', status, text: await readText(body, maxBytes) } as const
  }, signal)
  void client.close()
  if (answer.kind === 'no_answer') return { is: false, why: `no answer: ${answer.message}` }
  if (answer.status >= 300 && answer.status < 400)
    return { is: false, why: `a redirect (${answer.status}), which a CMS does not follow` }
  return isOurs(answer.text) ? { is: true } : { is: false, why: `status ${answer.status}, and not from cms-relay` }
}

function isOurs(text: string): boolean {
  try {
    return (JSON.parse(text) as { data?: { status?: unknown } }).data?.status === 'alive'
  } catch {
    return false
  }
}

/** Whether the relay of this configuration runs, on this machine. */
export function checkRelay(origin: string): Check {
  const { good, warning } = diagnosing('relay')
  return {
    check: 'relay',
    name: null,
    async run(signal) {
      const alive = await askAlive(origin, signal)
      return alive.is
        ? good(`runs at ${origin}`)
        : warning(`does not run at ${origin}: ${alive.why}`, 'cms-relay serve')
    },
  }
}

/** Whether the address that the CMS calls leads to a relay. It is asked from here, so a firewall in front may still stand in the way. */
export function checkPublicUrl(publicUrl: string | undefined): Check {
  const { good, warning, bad } = diagnosing('public url')
  return {
    check: 'public url',
    name: null,
    async run(signal): Promise<Diagnosis> {
      if (publicUrl === undefined) {
        return warning('not tried: the address that a CMS calls is not known', 'set server.public_url')
      }
      const alive = await askAlive(publicUrl, signal)
      if (alive.is) return good(`${publicUrl} leads to a cms-relay`)
      return bad(
        `${publicUrl}: ${alive.why}`,
        'start the relay; then check server.public_url, DNS, the proxy and its certificate',
      )
    },
  }
}
