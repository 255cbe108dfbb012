import { isIP } from 'node:net'
import { refusalOf } from '../http-client/address.ts'

/** Names that no public resolver knows (RFC 6761, 6762, 8375, ICANN's `internal`), and those of container networks. */
const privateNames = /(^[^.]+|\.(localhost|local|internal|intranet|lan|home\.arpa|test|svc|private|corp))\.?$/i

/** Whether a host of a URL is this machine or in a network of one's own, so that plain HTTP to it leaves for nowhere. */
export function isPrivateHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (isIP(bare) === 0) return privateNames.test(bare)
  return refusalOf(bare, false) !== null // what is never asked at all is another mistake
}

/** Whether a host to listen on stands for every address of the machine. */
export function isAnyHost(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
