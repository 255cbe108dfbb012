import packageJson from '../package.json' with { type: 'json' }
import { type Document, describeApi } from '../src/api/openapi.ts'
import type { Operation } from '../src/api/operation.ts'
import type { Route } from '../src/http/route.ts'

/** `/openapi.json`: every route of the table, described. */
export function documentation(table: readonly Operation[]): readonly Route[] {
  let made: Document | undefined
  // Made when it is first asked for: a start does not pay for it.
  const document = () => {
    made ??= describeApi([...table, ...rows], packageJson.version)
    return made
  }

  const rows: readonly Route[] = [
    {
      method: 'GET',
      path: '/openapi.json',
      name: 'readDescription',
      tag: 'documentation',
      role: 'public',
      summary: 'This API, as OpenAPI 3.1',
      answers: { 200: { description: 'The document.', type: 'application/json', schema: null } },
      errors: [],
      handler: async () => document(),
    },
  ]
  return rows
}
