import { RelayError } from '../domain/errors.ts'

/** The site domain as it stands in a header and in the host of a url: lower case, punycode, a port if it has one. */
export function siteHostOf(siteDomain: string): string {
  const host = /[/?#@\\\s]/.test(siteDomain) ? undefined : URL.parse(`https://${siteDomain}`)?.host
  if (!host) throw new RelayError('invalid', 'site domain must be a host, without scheme or path')
  return host
}

/** Every host that a url of the site may have. */
export function siteHostsOf(siteDomain: string, aliases: readonly string[]): readonly string[] {
  return [...new Set([siteDomain, ...aliases].map(siteHostOf))]
}
