import type { Document } from './openapi.ts'

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema; readonly 'x-item'?: Schema }>>
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly 'x-role': string
  readonly parameters: readonly { name: string; in: string; required?: boolean; description?: string; schema: Schema }[]
  readonly requestBody?: Content & { readonly required: boolean }
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>
}

interface Placed extends Operation {
  readonly method: string
  readonly path: string
}

/** The whole page: no script, no request but its own, and its style for the hash in a Content-Security-Policy. */
export function referencePage(document: Document): { readonly html: string; readonly style: string } {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...(operation as unknown as Operation), method, path })),
  )
  const tags = document['tags'] as readonly { readonly name: string; readonly description: string }[]
  const groups = tags.map((tag) => ({ ...tag, rows: operations.filter((one) => one.tags.includes(tag.name)) }))
  const schemas = Object.entries(document.components.schemas as Readonly<Record<string, Schema>>)
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>cms-relay: API</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header>
<h1>cms-relay <small>API ${escaped(String(document.info['version']))}</small></h1>
<p>Every answer in JSON is <code>{"ok":true,"data":…,"meta":{"requestId"}}</code>, or <code>{"ok":false,"error":…}</code> as <a href="#schema-Error">Error</a>.
Routes with a role need <code>Authorization: Bearer …</code>. The same as <a href="openapi.json">OpenAPI 3.1</a>, for your client generator.</p>
</header>
<nav aria-label="Routes">
${groups.map(({ name, rows }) => `<h2><a href="#${name}">${name}</a></h2>\n<ul>${rows.map(linkTo).join('')}</ul>`).join('\n')}
<h2><a href="#schemas">schemas</a></h2>
</nav>
<main id="content">
${groups.map(({ name, description, rows }) => `<section id="${name}" aria-label="${name}">\n<h2>${name}</h2>\n<p>${prose(description)}</p>\n${rows.map(sectionOf).join('\n')}\n</section>`).join('\n')}
<section id="schemas" aria-label="schemas">
<h2>schemas</h2>
${schemas.map(([name, schema]) => `<details><summary><code>${name}</code> <span>${prose(schema.description ?? '')}</span></summary><div id="schema-${name}">${shapeOf(schema)}</div></details>`).join('\n')}
</section>
</main>
</body>
</html>
`
  return { html, style }
}

function linkTo({ method, path, operationId }: Placed): string {
  return `<li><a href="#${operationId}"><b class="${method}">${method}</b> ${escaped(path)}</a></li>`
}

function sectionOf({
  method,
  path,
  operationId,
  summary,
  parameters,
  requestBody,
  responses,
  ...rest
}: Placed): string {
  const role = rest['x-role']
  const params = parameters.map(({ name, in: place, required = false, description = '', schema }) =>
    rowOf(name, { ...schema, description }, required, place),
  )
  const [good, bad] = [true, false].map((isGood) =>
    Object.entries(responses).filter(([status]) => status.startsWith('2') === isGood),
  )
  return `<details>
<summary><b class="${method}">${method}</b> <code>${escaped(path)}</code> <span>${prose(summary)}</span> <i>${role}</i></summary>
<div id="${operationId}">
${params.length > 0 ? `<h3>Parameters</h3>${tableOf(params)}` : ''}
${requestBody ? `<h3>Body${requestBody.required ? '' : ', optional'}</h3>${contentOf(requestBody)}` : ''}
${good!.map(([status, answer]) => `<h3>${status} <small>${prose(answer.description)}</small></h3>${contentOf(answer)}`).join('\n')}
<h3>Errors</h3>
<ul>${bad!.map(([status, { description }]) => `<li><b>${status}</b> ${prose(description)}</li>`).join('')}</ul>
</div>
</details>`
}

function contentOf({ content = {} }: Content): string {
  const parts = Object.entries(content).map(([type, { schema, 'x-item': item }]) => {
    const data = schema.properties?.['ok'] ? schema.properties['data'] : undefined
    const shown = shapeOf(item ?? data ?? schema)
    return `<p><code>${escaped(type)}</code>${data ? ', <code>data</code>:' : ''}</p>${shown}`
  })
  return parts.join('')
}

/** A schema as a table of its fields, else as words. */
function shapeOf(schema: Schema): string {
  if (!schema.properties) return `<p>${wordsOf(schema)}</p>`
  const { properties, required = [] } = schema
  return tableOf(Object.entries(properties).map(([name, one]) => rowOf(name, one, required.includes(name))))
}

function tableOf(rows: readonly string[]): string {
  return `<div class="wide"><table><tbody>${rows.join('')}</tbody></table></div>`
}

function rowOf(name: string, schema: Schema, isRequired: boolean, place = ''): string {
  const inner = innerOf(schema)
  const below = inner ? `<tr><td class="in" colspan="3">${shapeOf(inner)}</td></tr>` : ''
  const notes = [place === 'path' ? '' : isRequired ? '' : 'optional', place].filter(Boolean).join(', ')
  const preset = schema.default === undefined ? '' : ` Default <code>${escaped(JSON.stringify(schema.default))}</code>.`
  return `<tr><th scope="row"><code>${escaped(name)}</code>${notes && ` <small>${notes}</small>`}</th><td>${wordsOf(schema)}</td><td>${prose(schema.description ?? '')}${preset}</td></tr>${below}`
}

/** What is shown below a field: the object that it holds, or holds a list or map of. */
function innerOf(schema: Schema): Schema | undefined {
  if (schema.properties) return schema
  const next =
    schema.items ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined)
  if (next) return innerOf(next)
  return (schema.anyOf ?? []).map(innerOf).find(Boolean)
}

function wordsOf(schema: Schema): string {
  const { $ref, type, format, items, enum: choices, additionalProperties } = schema
  if ($ref !== undefined) {
    const name = $ref.slice($ref.lastIndexOf('/') + 1)
    return `<a href="#schema-${name}">${name}</a>`
  }
  if (schema.const !== undefined) return `<code>${escaped(JSON.stringify(schema.const))}</code>`
  if (choices) return choices.map((one) => `<code>${escaped(String(one))}</code>`).join(' ')
  const others = schema.anyOf ?? schema.oneOf
  if (others) return others.map(wordsOf).join(' or ')
  if (Array.isArray(type)) return type.map((one) => wordsOf({ ...schema, type: one })).join(' or ')
  if (type === 'array') return `list of ${wordsOf(items ?? {})}`
  if (type === 'object') return typeof additionalProperties === 'object' ? 'map' : 'object'
  const { minimum, maximum } = schema
  const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER
  if (isBounded) return `${minimum ?? ''} to ${maximum}`
  if (format === 'date-time') return 'time'
  return type === 'string' ? 'text' : escaped(String(type ?? 'anything'))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** Text in which what stands between backticks is code. */
function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

const style = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5c656e; --paper: #fff; --line: #dde1e6; --panel: #f5f7f9; --link: #0b57b0; --get: #0b6b3a; --post: #8a4b00 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --soft: #9aa5b0; --paper: #14171a; --line: #2e353c; --panel: #1c2126; --link: #86b7ff; --get: #6fd49b; --post: #f0b26b } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 84rem; padding: 0 1rem 4rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); display: grid; grid-template: "head head" "nav main" / 19rem minmax(0, 1fr); gap: 0 2.5rem }
header { grid-area: head; border-bottom: 1px solid var(--line) }
nav { grid-area: nav; position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; padding-bottom: 2rem; font-size: .875rem }
main { grid-area: main }
h1 { margin: 1.5rem 0 0 } h1 small, h3 small { font-weight: 400; color: var(--soft) }
h2 { margin: 2rem 0 .25rem; font-size: 1.25rem } nav h2 { font-size: 1rem; margin: 1rem 0 0 } h3 { margin: 1rem 0 .25rem; font-size: 1rem }
p { margin: .25rem 0 .75rem; max-width: 70ch } ul { margin: 0; padding-left: 1.25rem } nav ul { list-style: none; padding: 0 } nav li a { display: block; padding: .15rem 0; overflow-wrap: anywhere; color: var(--ink); text-decoration: none }
nav li a:hover { text-decoration: underline }
a { color: var(--link) } :focus-visible { outline: 3px solid var(--link); outline-offset: 2px } :target { scroll-margin-top: 4rem }
.skip { position: absolute; left: -99rem } .skip:focus { left: 1rem; top: .5rem }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; background: var(--panel) } details > div { padding: 0 1rem 1rem } summary { padding: .5rem 1rem; cursor: pointer }
summary span { color: var(--soft); margin-left: .5rem } summary i { font-style: normal; font-size: .8rem; color: var(--soft); border: 1px solid var(--line); border-radius: 1rem; padding: 0 .5rem; margin-left: .5rem }
b.get, b.post, b.delete, b.put, b.patch { font: 700 .75rem ui-monospace, monospace; text-transform: uppercase; color: var(--post) } b.get { color: var(--get) }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-size: .9rem } th, td { text-align: left; vertical-align: top; font-weight: 400; padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line) } th { width: 14rem } td:nth-child(2):not(:last-child) { width: 15rem } th small { color: var(--soft) } td p { margin: 0 } td.in { padding: 0 0 .5rem 1.5rem; border: 0 }
@media (max-width: 52rem) { body { display: block } nav { position: static; max-height: none; columns: 2 } nav ul { display: none } nav h2, nav h2:first-child { margin: 0; padding: .125rem 0; font-weight: 400 } tr { display: block; border-top: 1px solid var(--line); padding: .35rem 0 } th, td, td:nth-child(2):not(:last-child) { display: block; width: auto; border: 0; padding: 0 } }
`
