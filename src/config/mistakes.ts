import { objectOf } from '../json/kind.ts'
import type { Finding } from '../mistakes/issue.ts'
import { isPrivateHost } from './host.ts'

type Raw = Readonly<Record<string, unknown>>

/**
 * `$NAME`, `${NAME`, `$(NAME)`, `{{NAME}}`, `<%= NAME %>`, `%NAME%`: what another program's templates have left unfilled,
 * also behind the part that is not a secret, as in `id.$NAME` and `Bearer $NAME`.
 */
const unfilled = /(^|[\s.:])(\$[A-Z_][A-Z0-9_]*|\$\([A-Za-z_]\w*\)|%[A-Za-z_]\w*%)$|\$\{[A-Za-z_]|\{\{.*\}\}|<%.*%>/

/**
 * Secrets that are a placeholder, and plain HTTP to public hosts. Looked for in the document as it is, so that a mistake elsewhere
 * hides none of them.
 */
export function dangerousMistakes(document: unknown): readonly Finding[] {
  const { server, destinations, sources, signals } = objectOf(document)
  return [
    ...secretMistakes('server.admin_token', objectOf(server)['admin_token']),
    ...Object.entries(objectOf(destinations)).flatMap(([name, value]) => {
      const path = `destinations.${name}`
      const { token, base_url: url, insecure } = objectOf(value)
      return [...secretMistakes(`${path}.token`, token), ...httpMistakes(`${path}.base_url`, url, insecure)]
    }),
    ...Object.entries(objectOf(sources)).flatMap(([name, value]) => sourceMistakes(`sources.${name}`, objectOf(value))),
    ...(Array.isArray(signals) ? signals : []).flatMap((value, index) => {
      const path = `signals[${index}]`
      const { url, secret, insecure } = objectOf(value)
      return [...secretMistakes(`${path}.secret`, secret), ...httpMistakes(`${path}.url`, url, insecure)]
    }),
  ]
}

function sourceMistakes(path: string, { secret, verify, fetch }: Raw): readonly Finding[] {
  const { token, query, headers, base_url: url, insecure } = objectOf(fetch)
  return [
    ...secretMistakes(`${path}.secret`, secret),
    ...secretMistakes(`${path}.verify.secret`, objectOf(verify)['secret']),
    ...secretMistakes(`${path}.fetch.token`, token),
    ...[query, headers].flatMap((values, index) =>
      Object.entries(objectOf(values)).flatMap(([name, value]) =>
        secretMistakes(`${path}.fetch.${index === 0 ? 'query' : 'headers'}.${name}`, value),
      ),
    ),
    ...httpMistakes(`${path}.fetch.base_url`, url, insecure),
  ]
}

/** A secret, or a list of them. The value is not repeated: it may be a real one that only looks so. */
function secretMistakes(path: string, value: unknown): readonly Finding[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => secretMistakes(`${path}[${index}]`, one))
  if (typeof value !== 'string' || !unfilled.test(value)) return []
  return [
    { path, message: 'is a placeholder that nothing has filled in: write ${NAME}, and set the environment variable' },
  ]
}

function httpMistakes(path: string, value: unknown, insecure: unknown): readonly Finding[] {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (url?.protocol !== 'http:' || isPrivateHost(url.hostname)) return []
  if (insecure === true || /^(true|1)$/i.test(String(insecure))) return []
  const cure = 'unencrypted: use https://, or write insecure: true beside it'
  return [{ path, message: `goes to ${url.host} ${cure}`, discreet: `goes out ${cure}` }]
}
