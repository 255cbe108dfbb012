import { checkAddress } from '../http-client/address.ts'
import { type BaseUrl, readRoot } from '../http-client/url.ts'

/** The root of a CMS's API. Throws RelayError `invalid` for what is not the root of an API, or is at an address that is refused. */
export function readBaseUrl(text: string, allowPrivate: boolean): BaseUrl {
  const base = readRoot(text)
  checkAddress(base.origin, allowPrivate, 'nothing is fetched from there')
  return base
}

/** The url of a path below the base; null if it leads out of it. */
export function urlBelow({ origin, path }: BaseUrl, relative: string): URL | null {
  return within({ origin, path }, `${origin}${path}${relative}`)
}

/** The same for a url that an answer redirects to from `from`. */
export function redirectBelow(base: BaseUrl, location: string, from: URL): URL | null {
  const url = URL.parse(location, from.href)
  return url === null ? null : within(base, url.href)
}

function within({ origin, path }: BaseUrl, text: string): URL | null {
  const url = URL.parse(text)
  if (url === null || url.origin !== origin || url.username !== '' || url.password !== '') return null
  // Some servers undo the encoding before they look at the path.
  if (/%(2e|2f|5c|25)/i.test(url.pathname) && /(^|[/\\])\.\.?([/\\]|$)/.test(decoded(url.pathname))) return null
  return url.pathname === path || url.pathname.startsWith(`${path}/`) ? url : null
}

function decoded(text: string): string {
  let plain = text
  for (let round = 0; round < 3; round++) {
    try {
      plain = decodeURIComponent(plain)
    } catch {
      return plain
    }
  }
  return plain
}
