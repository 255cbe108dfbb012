import { type LookupAddress, lookup as resolve } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { refusalOf } from './address.ts'

/** The addresses of a host name. */
export type ResolveHost = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

/** A connection that is not made because of where it would lead. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

const resolveBySystem: ResolveHost = (hostname, done) => {
  resolve(hostname, { all: true }, (error, addresses) => done(error, addresses))
}

/**
 * A `lookup` for sockets: what it answers is what is connected to, so a name can not resolve to one address when it is looked
 * at and to another when it is used. A name with any address that is refused is refused as a whole.
 */
export function guardedLookup(allowPrivate: boolean, resolveHost: ResolveHost = resolveBySystem): LookupFunction {
  return function lookup(hostname, options, done) {
    resolveHost(hostname, (error, found) => {
      if (error) return done(error, [])
      const reason = found.map(({ address }) => refusalOf(address, allowPrivate)).find((one) => one !== null)
      if (reason !== undefined)
        return done(new AddressRefused(`host '${hostname}' resolves to what is refused: ${reason}`), [])
      const family = options.family === 4 || options.family === 6 ? options.family : null
      const addresses = found.filter((one) => family === null || one.family === family)
      const [first] = addresses
      if (!first) return done(Object.assign(new Error(`host '${hostname}' has no address`), { code: 'ENOTFOUND' }), [])
      if (options.all) done(null, [...addresses])
      else done(null, first.address, first.family)
    })
  }
}
