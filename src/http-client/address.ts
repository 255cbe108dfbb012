import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { RelayError } from '../domain/errors.ts'

/**
 * Why nothing is fetched from an address; null if it may be. Private, shared, loopback and unique local addresses need the
 * leave of a source; all others that are not public, and those of clouds' metadata, are refused always. IPv4 inside of
 * IPv6 (mapped, translated, 6to4, NAT64) counts as what it is.
 */
export function refusalOf(address: string, allowPrivate: boolean): string | null {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  if (isIP(bare) === 0) return `'${bare}' is no IP address`
  const kind = kindOf(innermost(ipaddr.parse(bare)))
  if (kind === 'public' || (kind === 'private' && allowPrivate)) return null
  return `${bare} is a ${kind} address`
}

/** Throws RelayError `invalid` for an origin at an address that is refused. A name is looked up by the socket, see `guardedLookup`. */
export function checkAddress(origin: string, allowPrivate: boolean, refusal: string): void {
  // The parser has written 2130706433, 0177.1 and the like as what they are.
  const { hostname } = new URL(origin)
  const reason = isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? null : refusalOf(hostname, allowPrivate)
  if (reason !== null) throw new RelayError('invalid', `${refusal}: ${reason}`)
}

type Address = ipaddr.IPv4 | ipaddr.IPv6

function kindOf(address: Address): 'public' | 'private' | 'reserved' | 'cloud metadata' {
  if (metadata.has(address.toString())) return 'cloud metadata'
  if (privateRanges.has(address.range())) return 'private'
  return address.range() === 'unicast' && isAssigned(address) ? 'public' : 'reserved'
}

const privateRanges = new Set(['private', 'carrierGradeNat', 'loopback', 'uniqueLocal'])

/**
 * Where clouds keep credentials outside of the link-local ranges: Alibaba, Azure's WireServer; AWS, Google and Scaleway by IPv6.
 * Sources: the pages on instance metadata of each.
 */
const metadata = new Set(
  ['100.100.100.200', '168.63.129.16', 'fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:42::42'].map((address) =>
    ipaddr.parse(address).toString(),
  ),
)

/** Of IPv6, only this part is global: https://www.iana.org/assignments/ipv6-unicast-address-assignments */
const global = ipaddr.IPv6.parseCIDR('2000::/3')

function isAssigned(address: Address): boolean {
  return address.kind() === 'ipv4' || address.match(global)
}

/** The IPv4 address that an IPv6 address leads to; else the address itself. */
function innermost(address: Address): Address {
  if (!('parts' in address)) return address
  const at = { ipv4Mapped: 6, rfc6145: 6, rfc6052: 6, '6to4': 1 }[address.range() as string]
  const isLocal = address.range() === 'rfc6052' && address.parts[2] !== 0 // 64:ff9b:1::/48 belongs to a network
  if (at === undefined || isLocal) return address
  return new ipaddr.IPv4(address.toByteArray().slice(2 * at, 2 * at + 4))
}
