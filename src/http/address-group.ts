import { isIPv6 } from 'node:net'

/**
 * What counts as one sender: an IPv4 address, however it is written, or the /64 network of an IPv6 address, which a
 * single machine may have as a whole. What is no address stands for itself, cut.
 */
export function addressGroup(address: string): string {
  const [plain = ''] = address.split('%', 1) // without the zone
  if (!isIPv6(plain)) return plain.slice(0, 64)
  const groups = groupsOf(plain)
  const [high = 0, low = 0] = groups.slice(6)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const { hostname } = new URL(`http://[${address}]/`) // written one way, without dots
  const [left = [], right] = hostname
    .slice(1, -1)
    .split('::')
    .map((part) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))))
  return right === undefined ? left : [...left, ...new Array(8 - left.length - right.length).fill(0), ...right]
}
