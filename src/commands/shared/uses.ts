import type { Uses } from '../../config/stand-ins.ts'

const ofDestination = new Set<unknown>(['enabled', 'site_domain', 'aliases', 'default_language'])
const ofSource = new Set<unknown>(['mapper', 'destination'])
const ofMapping = new Set<unknown>(['vars', 'models', 'html', 'max_clock_lead'])

/** Settings that commands on the store use: where it is, what is named, to which host urls lead. No secret. */
export const onStore: Uses = ([part, , key]) => {
  if (part === 'destinations') return ofDestination.has(key)
  if (part === 'sources') return ofSource.has(key)
  return part === 'store'
}

/** What a command uses that maps on its own: nobody has to prove anything, and no CMS is asked. */
export const forMapping: Uses = (path) => {
  const [part, second, key] = path
  if (part === 'sources' && ofMapping.has(key)) return true
  return onStore(path) || part === 'mappers_dir' || (part === 'server' && second === 'body_limit')
}

/** What a call to one destination needs besides: its token is a part of that. */
export function forCalling(destination: string): Uses {
  return (path) => onStore(path) || (path[0] === 'destinations' && path[1] === destination)
}

/** What it takes to sign for a source: no credential of a CMS's API, and none of a destination. */
export function forSending(source: string): Uses {
  return (path) => {
    const [part, name, key] = path
    return forMapping(path) || part === 'server' || (part === 'sources' && name === source && key !== 'fetch')
  }
}

/** Where the relay listens, and its token. */
export const ofServer: Uses = ([part]) => part === 'server'
