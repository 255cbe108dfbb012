import { createHash } from 'node:crypto'
import packageJson from '../package.json' with { type: 'json' }
import { type Document, describeApi } from '../src/api/openapi.ts'
import type { Operation } from '../src/api/operation.ts'
import { referencePage } from '../src/api/reference-page.ts'
import type { Route } from '../src/http/route.ts'

/** `/openapi.json`: every route of the table, described. `/docs`: the same for people. Made when first asked for: a start does not pay. */
export function documentation(table: readonly Operation[]): readonly Route[] {
  const document = once((): Document => describeApi([...table, ...rows], packageJson.version))
  const page = once(() => {
    const { html, style } = referencePage(document())
    const hash = createHash('sha256').update(style).digest('base64')
    // The one exception from the policy of all answers: this is a page. It has its style, and nothing else runs or is loaded.
    return {
      html,
      policy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    }
  })

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
    {
      method: 'GET',
      path: '/docs',
      name: 'readReference',
      tag: 'documentation',
      role: 'public',
      summary: 'This API, as a page',
      answers: { 200: { description: 'The page.', type: 'text/html', schema: null } },
      errors: [],
      async handler(_request, reply) {
        const { html, policy } = page()
        return reply.type('text/html; charset=utf-8').header('content-security-policy', policy).send(html)
      },
    },
  ]
  return rows
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
