import { messageOf } from '../../domain/errors.ts'
import { type Check, type Diagnosis, diagnosing } from './diagnosis.ts'

type Alive = { readonly is: true } | { readonly is: false; readonly why: string }

/** Whether a cms-relay answers at an address. */
async function askAlive(base: string, signal: AbortSignal): Promise<Alive> {
  let answer: Response
  try {
    answer = await fetch(`${base.replace(/\/+$/, '')}/healthz`, { redirect: 'manual', signal })
  } catch (error) {
    return { is: false, why: `no answer: ${messageOf(error)}` }
  }
  if (answer.status >= 300 && answer.status < 400)
    return { is: false, why: `a redirect (${answer.status}), which a CMS does not follow` }
  const text = await answer.text().catch(() => '')
  return isOurs(text) ? { is: true } : { is: false, why: `status ${answer.status}, and not from cms-relay` }
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
