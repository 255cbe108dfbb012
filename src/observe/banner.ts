import { isAnyHost } from '../config/host.ts'
import type { Config } from '../config/schema.ts'
import { shownStore } from '../config/secrets.ts'
import { sourceUrl } from '../config/source-url.ts'
import { escapeText } from '../domain/printable.ts'
import type { Paint } from './terminal/layout.ts'
import { padText, widthOf, wrapText } from './terminal/text-width.ts'

export interface BannerOptions {
  readonly config: Config
  readonly file: string | null
  /** As bound: with the port that it has got. */
  readonly origin: string
  /** Of the listener for operators, if it is one of its own. */
  readonly adminOrigin: string | null
  /** All that `check` warns of. */
  readonly warnings: readonly string[]
  readonly width: number
  readonly paint: Paint
}

/** What a person who starts a configured relay wants to know: where it listens, what to paste where, and what looks wrong. Holds no secrets. */
export function bannerOf({ config, file, origin, adminOrigin, warnings, width, paint }: BannerOptions): string {
  const { server, store, sources } = config
  const isEverywhere = isAnyHost(server.host)
  const rows = [
    ['listens on', isEverywhere ? `${server.host}, port ${portOf(origin)}` : origin],
    ...(adminOrigin === null ? [] : [['operators', adminOrigin] as const]),
    ['admin API', adminText(config, adminOrigin ?? origin)],
    ['store', shownStore(store)],
  ] as const
  const root = server.public_url ?? origin
  const urls = Object.entries(sources).map(([name, { mapper, destination, enabled }]) => {
    const wires = `${mapper} → ${[destination].flat().join(', ')}${enabled ? '' : ', off'}`
    return [sourceUrl(root, name), wires] as const
  })
  const isLocal = server.public_url === undefined
  const cure =
    'A CMS elsewhere needs the address that it reaches this machine at: set server.public_url, and it stands here.'
  const wrapped = (text: string, first: string) => {
    const lines = wrapText(escapeText(text), width - first.length, 10)
    return lines.map((line, index) => (index === 0 ? first : ' '.repeat(first.length)) + line)
  }
  return [
    '',
    paint('bold', `cms-relay runs ${file === null ? 'on what the environment says' : escapeText(file)}`),
    '',
    ...tableOf(rows, width).map(([left, right]) => `  ${paint('dim', left)}  ${right}`),
    '',
    ...(urls.length === 0
      ? wrapped('No source is configured, so there is nothing to receive: `npx cms-relay init` adds one.', '')
      : [
          urls.length === 1
            ? 'Paste this URL into the webhook settings of the CMS:'
            : 'Paste these URLs into the webhook settings of each CMS:',
          '',
          ...tableOf(urls, width).map(([left, right]) => `  ${paint('cyan', left)}  ${paint('dim', right)}`),
          ...(isLocal ? ['', ...wrapped(cure, '')] : []),
        ]),
    ...(warnings.length > 0
      ? ['', ...warnings.flatMap((text) => wrapped(text, '! ')).map((text) => paint('yellow', text))]
      : []),
    '',
    '',
  ].join('\n')
}

function portOf(origin: string): string {
  return new URL(origin).port || '80'
}

function adminText({ server }: Config, origin: string): string {
  return server.admin_token ? `${origin}/api/v1, with server.admin_token` : 'off: there is no server.admin_token'
}

/** The first column as wide as its widest, unless that leaves the second no room. */
function tableOf(rows: readonly (readonly [string, string])[], width: number): readonly (readonly [string, string])[] {
  const clean = rows.map(([left, right]) => [escapeText(left), escapeText(right)] as const)
  const widest = Math.max(0, ...clean.map(([left]) => widthOf(left)))
  const fits = clean.every(([, right]) => widest + widthOf(right) + 4 <= width)
  return clean.map(([left, right]) => [fits ? padText(left, widest) : left, right] as const)
}
