import { urlSchemes } from '../safe-html/policy.ts'

// What a browser skips within a scheme.
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they are.
const skipped = /[\x00-\x20]/g

/**
 * Reads a url that content names: undefined if it is not text, is empty, or has a scheme other than http, https,
 * mailto and tel. With a base, relative ones are made absolute; an anchor of the page stays one.
 */
export function urlReader(base: string | undefined): (value: unknown) => string | undefined {
  return (value) => {
    if (typeof value !== 'string' || value.trim() === '') return undefined
    const url = value.trim()
    const scheme = /^([^/?#:]*):/.exec(url.replace(skipped, ''))?.[1]?.toLowerCase()
    if (scheme !== undefined && !urlSchemes.includes(scheme)) return undefined
    if (scheme !== undefined || base === undefined || url.startsWith('#')) return url
    return URL.parse(url, base)?.href ?? url
  }
}
