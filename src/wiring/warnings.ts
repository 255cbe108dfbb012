import { sandboxIdentity } from '../config/sandbox-identity.ts'
import type { Config, SourceConfig } from '../config/schema.ts'
import { secretsOfSource } from '../config/secrets.ts'
import { isLoopback } from '../http-client/loopback.ts'

/** From examples and habit: the first that is tried. */
const knownSecrets = new Set([
  'sandbox-secret', 'sandbox-token-secret', 'a-token-for-the-tour', 'shop-webhook-secret', 'an-admin-token-for-tests',
  'secret', 'password', 'changeme', 'change-me', 'change_me', 'changeit', 'test', 'testing', 'example', 'default', 'admin', 'token',
  'webhook-secret', 'webhook_secret', 'my-secret', 'mysecret', 'your-secret', 'your_secret', 'your-secret-here', 'replace-me',
]) // biome-ignore format: a list to read

const shortest = 16

/** What works and is dangerous, or will make items fail: said by `check` and at start. Repeats no secret. */
export function warningsOf(config: Config): readonly string[] {
  return [
    ...config.signals.flatMap(({ events }, index) =>
      events ? [`signals[${index}].events: is called types now; the old name goes in 0.3.0`] : [],
    ),
    ...secretWarnings('server.admin_token', config.server.admin_token || undefined),
    ...Object.entries(config.destinations).flatMap(
      ([name, { token, base_url: baseUrl, default_language: language }]) => {
        const path = `destinations.${name}`
        return [
          // An ingest API on this machine is the sandbox, whose token everybody knows.
          ...(isLoopback(new URL(baseUrl).hostname)
            ? []
            : secretWarnings(
                `${path}.token`,
                token.slice(token.indexOf('.') + 1),
                'its secret',
                'ask the ingest API for another',
              )),
          ...(language === undefined || isLanguageTag(language)
            ? []
            : [`${path}.default_language: '${language}' is no language tag (BCP 47), such as en or pt-BR`]),
        ]
      },
    ),
    ...Object.entries(config.sources).flatMap(([name, source]) => {
      const path = `sources.${name}`
      return [
        ...openWarnings(path, source, config.server.host),
        ...(isToTry(source, config)
          ? []
          : secretsOfSource(source).flatMap((secret) => secretWarnings(`${path}.secret`, secret))),
        ...originWarnings(path, source, config),
      ]
    }),
  ]
}

/** Whether all that a source feeds is the sandbox of this machine, and nobody else reaches the relay: its secret guards nothing. */
function isToTry({ destination }: SourceConfig, { server, destinations }: Config): boolean {
  if (!isLoopback(server.host) || server.public_url !== undefined) return false
  return [destination].flat().every((name) => {
    const { base_url: baseUrl = '', token } = destinations[name] ?? {}
    return token === sandboxIdentity.token && isLoopback(URL.parse(baseUrl)?.hostname ?? '')
  })
}

function openWarnings(path: string, { verify, enabled }: SourceConfig, host: string): readonly string[] {
  if (verify !== 'none' || !enabled || isLoopback(host)) return []
  return [`${path}.verify: none, and the relay listens on ${host}: whoever reaches it can change the website's content`]
}

function secretWarnings(
  path: string,
  secret: string | undefined,
  what = 'it',
  cure = '`npx cms-relay keygen` makes one',
): readonly string[] {
  if (secret === undefined) return []
  const bare = secret.trim().toLowerCase()
  if (knownSecrets.has(bare) || isPattern(bare)) {
    return [`${path}: ${what} is one that anybody tries first; ${cure}`]
  }
  if (secret.length >= shortest) return []
  return [`${path}: ${what} has fewer than ${shortest} characters, so it can be guessed; ${cure}`]
}

/** A few characters time and again, or those of the keyboard in their order. */
function isPattern(text: string): boolean {
  if (/^(.{1,8}?)\1+$/s.test(text) || new Set(text).size < Math.min(5, text.length)) return true
  return keyboard.some((row) => text.length >= 8 && row.repeat(3).includes(text))
}

const keyboard = [
  '1234567890',
  '0123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  '0123456789abcdef',
]

/** Every item's url is on the site's domain, so an origin elsewhere makes every item fail. */
function originWarnings(path: string, { vars, destination }: SourceConfig, config: Config): readonly string[] {
  const origin = typeof vars['origin'] === 'string' ? URL.parse(vars['origin'])?.host : undefined
  if (origin === undefined) return []
  return [destination].flat().flatMap((name) => {
    const { site_domain: site, aliases = [] } = config.destinations[name] ?? {}
    if (site === undefined || site === origin || aliases.includes(origin)) return []
    return [`${path}.vars.origin: its host ${origin} is not ${site}, the site_domain of destination '${name}'`]
  })
}

/** A primary language of two or three letters: longer ones are registered to none. */
function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1 && /^[a-z]{2,3}(-|$)/i.test(tag)
  } catch {
    return false
  }
}
