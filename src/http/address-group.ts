import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Where a request came from; empty text once its connection is gone, for then nobody can say. */
export function addressOf({ ip }: { readonly ip: string | undefined }): string {
  return ip ?? ''
}

/**
 * What counts as one sender: an IPv4 address, however it is written, or the /64 network of an IPv6 address, which a
 * single machine may have as a whole. What is not an address stands for itself, cut.
 */
export function addressGroup(given: string): string {
  const [plain = ''] = given.split('%', 1) // without the zone
  if (isIP(plain) === 0) return plain.slice(0, 64)
  const address = ipaddr.process(plain)
  if (!('parts' in address)) return address.toString()
  const network = address.parts.slice(0, 4).map((part) => part.toString(16))
  return `${network.join(':')}::/64`
}
