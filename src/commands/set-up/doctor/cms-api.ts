import { checkApi } from '../../../stages/operate/check-api.ts'
import type { Source } from '../../../stages/source.ts'
import { type Check, type Diagnosis, diagnosing } from './diagnosis.ts'

/** Asks the API of a source's CMS once; null for a source whose webhooks hold their records. */
export function checkCmsApi({ name, mapper, fetch }: Source): Check | null {
  if (fetch === null) return null
  const { good, warning, bad } = diagnosing('CMS API', name)

  async function run(signal: AbortSignal): Promise<Diagnosis> {
    const { check } = mapper
    if (check === null) return good(`not tried: mapper '${mapper.name}' has no check`)
    try {
      const found = await checkApi({ name, check, fetch: fetch! }, signal)
      if (found === null) return good('not tried: the vars of the source ask it for nothing')
      const { verdict, message, cure } = found
      return verdict === 'good' ? good(message) : verdict === 'bad' ? bad(message, cure) : warning(message, cure)
    } finally {
      void fetch!.client.close()
    }
  }

  return { check: 'CMS API', name, run }
}
