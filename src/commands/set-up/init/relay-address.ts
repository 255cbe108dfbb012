import { isLoopback } from '../../../http-client/loopback.ts'
import { UsageError } from '../../shared/failure.ts'
import { isHostName } from './host-name.ts'
import type { Answer, Ask } from './questions.ts'

const noUrl = 'is no address such as https://relay.example.com'

/** The address that the CMS calls, without a slash at its end; null if it is not known yet. */
export async function readPublicUrl(given: string | undefined, ask: Ask | null): Promise<string | null> {
  if (given !== undefined) {
    const url = urlIn(given)
    if (url === null) throw new UsageError(`--public-url '${given}' ${noUrl}`)
    return url
  }
  if (ask === null) return null
  const question = 'Public address of the relay, as https://relay.example.com (Enter: unknown yet)'
  return ask.text<string | null>(question, (text) => {
    if (text.trim() === '') return { value: null }
    const url = urlIn(text.trim())
    return url === null ? { mistake: `That ${noUrl}.` } : { value: url }
  })
}

function urlIn(text: string): string | null {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') return null
  if (!isHostName(url.hostname)) return null
  return url.href.replace(/\/+$/, '')
}

/** The port to listen on. A CMS that calls this machine itself has said it with the public address. */
export async function readPort(given: number | undefined, publicUrl: string | null, ask: Ask | null): Promise<number> {
  const preset = given ?? portOnThisMachine(publicUrl) ?? 8080
  if (preset > 65_535) throw new UsageError(`--port ${preset}: ports end at 65535`)
  if (given !== undefined || ask === null) return preset
  return ask.text(`Port that the relay listens on [${preset}]`, (text): Answer<number> => {
    const port = text.trim() === '' ? preset : Number(text)
    return Number.isInteger(port) && port >= 0 && port <= 65_535 ? { value: port } : { mistake: 'That is no port.' }
  })
}

function portOnThisMachine(publicUrl: string | null): number | null {
  const url = publicUrl === null ? null : new URL(publicUrl)
  return url !== null && url.protocol === 'http:' && isLoopback(url.hostname) ? Number(url.port || 80) : null
}
