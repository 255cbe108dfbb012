import { BlockList, isIP } from 'node:net'

/** Whether an address is in one of the ranges; null for a text that is no range. IPv4 inside of IPv6 counts as what it is. */
export function createAllowed(ranges: readonly string[]): ((address: string) => boolean) | null {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', prefix, ...more] = range.split('/')
    const family = isIP(network)
    const bits = prefix === undefined ? (family === 6 ? 128 : 32) : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
    if (family === 0 || more.length > 0 || bits < 0 || bits > (family === 6 ? 128 : 32)) return null
    list.addSubnet(network, bits, family === 6 ? 'ipv6' : 'ipv4')
  }
  return function isAllowed(address) {
    const bare = address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
    const family = isIP(bare)
    return family !== 0 && list.check(bare, family === 6 ? 'ipv6' : 'ipv4')
  }
}
