import { parseDocument } from 'yaml'
import { RelayError } from '../../../domain/errors.ts'
import { describeUnknown } from '../../../domain/unknown-name.ts'
import { objectOf } from '../../../json/kind.ts'
import { UsageError } from '../../shared/failure.ts'
import type { Ask } from './questions.ts'

/** What a configuration has that a source is added to. */
export interface Existing {
  readonly text: string
  readonly sources: readonly string[]
  /** By name, with the host of the site as it is written; null if that is a variable. */
  readonly destinations: ReadonlyMap<string, string | null>
  readonly publicUrl: string | null
  /** The folder of the user's own mappers, as it is written. */
  readonly mappersDir: string | undefined
}

/** Reads names alone: mistakes elsewhere are for `check`. Throws RelayError `invalid` if it is no YAML. */
export function readExisting(text: string, output: string): Existing {
  const document = parseDocument(text)
  const [error] = document.errors
  if (error)
    throw new RelayError('invalid', `${output} is no YAML, so nothing is added: ${error.message.split('\n')[0]}`)
  const { server, sources, destinations, mappers_dir: mappersDir } = objectOf(document.toJS())
  const hosts = Object.entries(objectOf(destinations)).map(
    ([name, value]) => [name, plain(objectOf(value)['site_domain'])] as const,
  )
  return {
    text,
    sources: Object.keys(objectOf(sources)),
    destinations: new Map(hosts),
    publicUrl: plain(objectOf(server)['public_url']),
    mappersDir: plain(mappersDir) ?? undefined,
  }
}

/** The destination of a source that is added: the one that there is, or the one that is meant. */
export async function destinationIn(
  { destinations }: Existing,
  given: string | undefined,
  ask: Ask | null,
): Promise<string> {
  const names = [...destinations.keys()]
  if (given !== undefined) {
    if (names.length === 0 || names.includes(given)) return given
    throw new RelayError('not_found', describeUnknown('destination', given, names))
  }
  if (names.length <= 1) return names[0] ?? 'main'
  if (ask === null) throw new UsageError(`say where the items go: --destination NAME (there is ${names.join(', ')})`)
  return ask.choice(
    'Where do its items go?',
    names.map((name) => ({ name, title: destinations.get(name) ?? name })),
  )
}

function plain(value: unknown): string | null {
  return typeof value === 'string' && !value.includes('${') ? value : null
}
