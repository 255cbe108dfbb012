import type { Config } from '../config/schema.ts'
import { type Definition, needsModels } from '../mapping/library/bind.ts'
import type { MapperLibrary } from '../mapping/library/load.ts'

/** What works and will surprise, as far as the mappers of the sources tell: said by `check` and at start. */
export function warningsOfMappers({ sources }: Pick<Config, 'sources'>, mappers: MapperLibrary): readonly string[] {
  return Object.entries(sources).flatMap(([name, { mapper, models, rate_limit: rateLimit }]) => {
    const definition = mappers.get(mapper)
    if (!definition) return []
    const isMute = needsModels(definition) && Object.keys(models).length === 0
    return [
      ...(isMute ? [`sources.${name}: mapper '${mapper}' sends registered models only, and none is registered`] : []),
      ...(rateLimit ? lossWarnings(`sources.${name}.rate_limit`, definition) : []),
    ]
  })
}

/** What a limit costs with a system that does not try again for long. */
function lossWarnings(path: string, { name, title, retries }: Definition): readonly string[] {
  switch (retries?.for) {
    case 'hours':
    case 'days':
      return []
    case 'none':
      return [`${path}: webhooks over it are lost: ${title} does not send them again (${retries.how})`]
    case 'minutes':
      return [`${path}: webhooks over it may be lost: ${title} sends them again for minutes only (${retries.how})`]
    case 'setting':
      return [`${path}: webhooks over it may be lost: ${title} sends them again only if set so (${retries.how})`]
    case 'unknown':
      return [`${path}: webhooks over it may be lost: whether ${title} sends them again: ${retries.how}`]
    case undefined:
      return [
        `${path}: webhooks over it may be lost: mapper '${name}' has no \`retries\` to say whether they come again`,
      ]
  }
}
