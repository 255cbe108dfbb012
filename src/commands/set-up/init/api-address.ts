import type { EnvLine } from '../../../config/env-file.ts'
import { isPrivateHost } from '../../../config/host.ts'
import type { Environment } from '../../../config/substitute.ts'
import { type Definition, isModule } from '../../../mapping/library/bind.ts'
import type { EnvironmentVariable } from '../source-block.ts'

export interface ApiAnswers {
  readonly definition: Definition
  readonly vars: Readonly<Record<string, unknown>>
  readonly variables: readonly EnvironmentVariable[]
  /** What was answered for the variables. */
  readonly lines: readonly EnvLine[]
  readonly dotEnv: Environment
}

/** Where the API of the CMS may be, as far as the answers say: its own address, or a var that its mapper takes it from. */
export function apiAddresses({ definition, vars, variables, lines, dotEnv }: ApiAnswers): readonly string[] {
  if (isModule(definition)) return []
  const asked = variables.find(({ use, key }) => use === 'api' && key === 'base_url')
  const answer = asked && (dotEnv[asked.name] || lines.find(({ name }) => name === asked.name)?.value)
  const named = [...(definition.fetch?.base_url ?? '').matchAll(/\$vars\.(\w+)/g)].map(([, name = '']) => vars[name])
  return [answer, ...named].filter((one) => typeof one === 'string')
}

/** Whether one of the addresses is asked only if the source allows it, such as that of a CMS on this machine. */
export function hasPrivateAddress(addresses: readonly string[]): boolean {
  return addresses.some((address) => isPrivateHost(URL.parse(address)?.hostname ?? ''))
}
