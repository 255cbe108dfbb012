import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Whether an address is in one of the ranges; null for a text that is not a range. IPv4 inside of IPv6 counts as what it is. */
export function createAllowed(ranges: readonly string[]): ((address: string) => boolean) | null {
  const networks: (readonly [network: ipaddr.IPv6, bits: number])[] = []
  for (const range of ranges) {
    const family = isIP(range)
    const text = family === 0 ? range : `${range}/${family === 6 ? 128 : 32}`
    if (isIP(text.split('/', 1)[0]!) === 0 || !ipaddr.isValidCIDR(text)) return null
    const [network, bits] = ipaddr.parseCIDR(text)
    networks.push([asIpv6(network), network.kind() === 'ipv6' ? bits : bits + 96])
  }
  return function isAllowed(given) {
    const bare = given.replace(/%.*$/, '')
    if (isIP(bare) === 0) return false
    const address = asIpv6(ipaddr.parse(bare))
    return networks.some(([network, bits]) => address.match(network, bits))
  }
}

function asIpv6(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv6 {
  return 'parts' in address ? address : address.toIPv4MappedAddress()
}
