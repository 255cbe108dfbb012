import type { Config, DestinationConfig, SourceConfig } from './schema.ts'

/** Every secret of a source: its `secret` and the one inside `verify`. */
export function secretsOfSource({ secret, verify }: SourceConfig): readonly string[] {
  const inner = typeof verify === 'object' ? verify.secret : undefined
  return [...new Set([secret ?? [], inner ?? []].flat())]
}

/** What a source shows to the API of its CMS. */
function credentialsOf({ fetch }: SourceConfig): readonly string[] {
  return [fetch.token ?? [], Object.values(fetch.query), Object.values(fetch.headers)].flat()
}

/** Every value of the configuration that must never be printed. */
export function secretsOf(config: Config): readonly string[] {
  const tokens = Object.values(config.destinations).flatMap(secretsOfToken)
  return [
    ...tokens,
    ...Object.values(config.sources).flatMap((source) => [...secretsOfSource(source), ...credentialsOf(source)]),
    ...config.signals.flatMap(({ url, secret }) => [...secretsOfUrl(url), ...[secret].flat().flatMap(secretForms)]),
    config.server.admin_token ?? '',
  ].filter(Boolean)
}

/** The path and query of a url to the operator are often the only proof that a sender gives there; a short value is a word. */
function secretsOfUrl(url: string): readonly string[] {
  const { pathname, search, searchParams } = new URL(url)
  return [pathname.length > 1 ? url : '', search, ...[...searchParams.values()].filter(({ length }) => length >= 16)]
}

function secretForms(secret: string): readonly string[] {
  return [secret, secret.replace(/^whsec_/, '')]
}

function secretsOfToken({ token }: DestinationConfig): readonly string[] {
  return [token, token.slice(token.indexOf('.') + 1)]
}

/** The url of a store as people may see it: without the password in it. */
export function shownStore(store: string): string {
  return store.replace(/\/\/[^@/]*@/, '//')
}
