import { isIP } from 'node:net'

/** Whether a host of a url is one that a person means: a name with a dot, an address, or this machine. A word alone is an answer to another question. */
export function isHostName(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  return bare === 'localhost' || isIP(bare) !== 0 || /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(bare)
}
