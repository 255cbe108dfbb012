import { BlockList, isIP } from 'node:net'

/**
 * Why nothing is fetched from an address, or null where it may be. Private, shared, loopback and unique local addresses only
 * where a source allows them; link-local, multicast, reserved ones and those of clouds' metadata never. IPv4 inside
 * of IPv6 (mapped, 6to4, NAT64) counts as what it is. Sources: IANA's registries of special-purpose addresses,
 * https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function refusalOf(address: string, allowPrivate: boolean): string | null {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  const family = isIP(bare)
  if (family === 0) return `'${bare}' is no IP address`
  const inner = family === 6 ? embeddedIpv4(bare) : bare
  const kind = inner === null ? kindOfIpv6(bare) : kindOfIpv4(inner)
  if (kind === 'public' || (kind === 'private' && allowPrivate)) return null
  return `${bare} is a ${kind} address`
}

type Kind = 'public' | 'private' | 'reserved' | 'cloud metadata'

function kindOfIpv4(address: string): Kind {
  if (metadata.check(address)) return 'cloud metadata'
  if (privateIpv4.check(address)) return 'private'
  return reservedIpv4.check(address) ? 'reserved' : 'public'
}

function kindOfIpv6(address: string): Kind {
  if (metadata.check(address, 'ipv6')) return 'cloud metadata'
  if (privateIpv6.check(address, 'ipv6')) return 'private'
  return globalIpv6.check(address, 'ipv6') && !reservedIpv6.check(address, 'ipv6') ? 'public' : 'reserved'
}

const privateIpv4 = listOf('ipv4', '10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.168.0.0/16')
const reservedIpv4 = listOf(
  'ipv4',
  `0.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
   224.0.0.0/4 240.0.0.0/4`,
)
const privateIpv6 = listOf('ipv6', '::1/128 fc00::/7')
const globalIpv6 = listOf('ipv6', '2000::/3')
const reservedIpv6 = listOf('ipv6', '2001::/23 2001:db8::/32 3fff::/20')

/**
 * Where clouds keep credentials outside of the link-local ranges: Alibaba, Azure's WireServer; AWS, Google and Scaleway by IPv6.
 * Sources: the pages on instance metadata of each.
 */
const metadata = listOf('ipv4', '100.100.100.200/32 168.63.129.16/32')
for (const address of ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:42::42'])
  metadata.addAddress(address, 'ipv6')

function listOf(family: 'ipv4' | 'ipv6', ranges: string): BlockList {
  const list = new BlockList()
  for (const range of ranges.trim().split(/\s+/)) {
    const [network = '', prefix] = range.split('/')
    list.addSubnet(network, Number(prefix), family)
  }
  return list
}

/** The IPv4 address that an IPv6 address leads to, or null. */
function embeddedIpv4(address: string): string | null {
  const groups = groupsOf(address)
  const starts = (...expected: readonly number[]) => expected.every((group, index) => groups[index] === group)
  if (starts(0, 0, 0, 0, 0, 0xffff)) return ipv4Of(groups, 6) // mapped, ::ffff:0:0/96
  if (starts(0, 0, 0, 0, 0xffff, 0)) return ipv4Of(groups, 6) // translated, ::ffff:0:0:0/96
  if (starts(0x64, 0xff9b, 0, 0, 0, 0)) return ipv4Of(groups, 6) // NAT64, 64:ff9b::/96
  return starts(0x2002) ? ipv4Of(groups, 1) : null // 6to4, 2002::/16
}

function ipv4Of(groups: readonly number[], at: number): string {
  return groups.slice(at, at + 2).flatMap((group) => [group >> 8, group & 0xff]).join('.') // biome-ignore format: one idea
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [head = '', tail] = hex.split('::')
  const read = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const [left, right] = [read(head), read(tail ?? '')]
  return tail === undefined ? left : [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
}
