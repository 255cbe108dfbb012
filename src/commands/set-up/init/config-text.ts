import { dirname } from 'node:path'
import type { Definition } from '../../../mapping/library/bind.ts'
import { sharedDocPath } from '../../shared/doc-path.ts'
import { yamlText } from '../source-block.ts'
import { schemaComment } from './schema-comment.ts'

export interface DestinationText {
  readonly name: string
  readonly site: string
  readonly baseUrl: string | null
}

/** A destination as `relay.yaml` has it, beginning with `destinations:`. */
export function destinationBlock({ name, site, baseUrl }: DestinationText): string {
  return `destinations:
  ${name}:
    token: \${BAINQUET_CONNECTOR_TOKEN} # connectorId.secret
    website_id: \${BAINQUET_WEBSITE_ID} # the website that the token is for
    site_domain: ${yamlText(site)} # the host of every item's url; www. would be another host
${baseUrl === null ? '' : `    base_url: ${yamlText(baseUrl)} # the ingest API\n`}    # default_language: en # of items that name none
`
}

export interface ConfigText {
  /** Where it is to be. */
  readonly file: string
  readonly definition: Definition
  readonly page: string | null
  readonly port: number
  readonly publicUrl: string | null
  readonly destination: string
  readonly sources: string
}

/** A whole new `relay.yaml`. */
export function configText({ file, definition, page, port, publicUrl, destination, sources }: ConfigText): string {
  const url =
    publicUrl === null
      ? '# public_url: https://relay.example.com # the address that the CMS calls'
      : `public_url: ${yamlText(publicUrl)} # the address that the CMS calls`
  const docOf = (page: string) => sharedDocPath(page, dirname(file))
  return `${schemaComment(file)}
# ${definition.title}${page === null ? '' : `, as ${docOf(page)} tells`}.
# Every setting: ${docOf('docs/configuration.md')}.
# \${NAME} is a variable of .env beside this file, or of the environment, which wins. No secret belongs into this file.

server:
  port: ${port}
  ${url}
  admin_token: \${RELAY_ADMIN_TOKEN} # of the admin API, see ${docOf('docs/admin-api.md')}

${destination}
${sources}`
}
