import type { Definition } from '../../../mapping/library/bind.ts'
import { docPath } from '../../shared/doc-path.ts'

export interface StepsOptions {
  readonly definition: Definition
  readonly url: string
  /** How the secret is called for a person who has to paste it. */
  readonly secret: string
}

/** What to click in the CMS, in order. */
export function setupSteps({ definition, url, secret }: StepsOptions): readonly string[] {
  const { setup, title, name } = definition
  const steps = setup?.steps ?? [`In ${title}: let the webhooks go to {url}, signed with {secret}.`]
  const filled = { '{url}': url, '{secret}': secret, '{page}': docPath(`docs/cms/${name}.md`) }
  return steps.map((step) =>
    step.trim().replace(/\{(?:url|secret|page)\}/g, (place) => filled[place as keyof typeof filled]),
  )
}
