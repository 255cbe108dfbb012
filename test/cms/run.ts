// Installs real CMSs, points their webhooks at a relay as the documentation tells, uses them, and looks what arrives:
// `npm run test:cms [-- strapi …]`. With `--write` the tables go into docs/cms/<name>.md, with `--folder` what is installed
// stays there for the next run, with `--capture` every webhook is written to a folder of its CMS's name.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { CreateCms } from './cms.ts'
import { createDirectus } from './directus.ts'
import { createGeneric } from './generic.ts'
import { createGhost } from './ghost.ts'
import { installCms } from './install.ts'
import { readPage, writeProof } from './page.ts'
import { createPayload } from './payload.ts'
import { type CmsName, versionOf } from './pins.ts'
import { freePort } from './program.ts'
import { type Outcome, prove } from './prove.ts'
import { openRelay } from './relay.ts'
import { createStrapi } from './strapi.ts'
import { tableOf } from './table.ts'
import type { Webhook } from './tap.ts'
import { createWordpress } from './wordpress.ts'

const creators: Record<CmsName, CreateCms> = {
  strapi: createStrapi,
  directus: createDirectus,
  payload: createPayload,
  ghost: createGhost,
  wordpress: createWordpress,
  generic: createGeneric,
}

interface Options {
  readonly folder: string
  readonly capture?: string | undefined
}

/** Installs a CMS. Answers an empty folder for its site: packages are found in the folder above. */
async function createSite(name: CmsName, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  await installCms(name, folder)
  const site = join(folder, 'site')
  rmSync(site, { recursive: true, force: true })
  mkdirSync(site)
  if (existsSync(join(folder, 'package.json'))) cpSync(join(folder, 'package.json'), join(site, 'package.json'))
  return site
}

async function proveOne(name: CmsName, options: Options): Promise<readonly Outcome[]> {
  const title = `${name} ${versionOf(name, join(options.folder, name))}`.trim()
  console.log(`\n${title}: installing`)
  const folder = await createSite(name, join(options.folder, name))

  await using stack = new AsyncDisposableStack()
  const page = readPage(name)
  const relay = await openRelay(folder, page)
  stack.defer(() => relay.stop())
  const { webhookUrl, secret } = relay
  const cms = creators[name]({ folder, page, port: await freePort(), webhookUrl, secret })
  await relay.serve(cms.source)
  stack.defer(() => cms.stop())
  console.log(`${title}: starting`)
  await cms.prepare?.()
  await cms.start()
  await cms.connectWebhook?.()
  console.log(`${title}: connected`)
  try {
    return await prove(cms, relay, tell)
  } finally {
    if (options.capture !== undefined) capture(join(resolve(options.capture), name), relay.webhooks)
  }
}

function tell({ step, sent, held, differences }: Outcome): void {
  const mark = differences.length === 0 ? 'ok    ' : 'WRONG '
  console.log(
    `  ${mark} ${step}: ${sent.length > 8 ? `${sent.length} webhooks` : sent.join(', ') || 'no webhook'}; ${idsOf(held)}`,
  )
  for (const difference of differences) console.log(`         ${difference}`)
}

function idsOf(held: Outcome['held']): string {
  return held.length > 8 ? `${held.length} items` : held.map(({ id }) => id).join(', ') || 'no item'
}

/** In the shape of test/fixtures. The headers of the connection are left out. */
function capture(folder: string, webhooks: readonly Webhook[]): void {
  mkdirSync(folder, { recursive: true })
  for (const [index, { headers, body }] of webhooks.entries()) {
    const file = join(folder, `${String(index + 1).padStart(2, '0')}.json`)
    const { host: _, connection: __, 'content-length': ___, ...kept } = headers
    writeFileSync(file, `${JSON.stringify({ headers: kept, body: JSON.parse(body) }, null, 2)}\n`)
  }
}

function proofOf(name: CmsName, outcomes: readonly Outcome[], folder: string): string {
  const date = new Date().toISOString().slice(0, 10)
  return `Version ${versionOf(name, folder)}, installed and used on ${date} by \`npm run test:cms -- ${name}\`:\n\n${tableOf(outcomes)}`
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean' }, folder: { type: 'string' }, capture: { type: 'string' } },
})
const unknown = positionals.filter((name) => !Object.hasOwn(creators, name))
if (unknown.length > 0)
  throw new Error(`no such CMS: ${unknown.join(', ')}; there are ${Object.keys(creators).join(', ')}`)
const names = (positionals.length > 0 ? positionals : Object.keys(creators)) as CmsName[]
const folder = values.folder === undefined ? mkdtempSync(join(tmpdir(), 'cms-relay-cms-')) : resolve(values.folder)
if (values.folder === undefined) process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

for (const name of names) {
  try {
    const outcomes = await proveOne(name, { folder, capture: values.capture })
    const isAsExpected = outcomes.every(({ differences }) => differences.length === 0)
    if (!isAsExpected) process.exitCode = 1
    console.log(`\n${tableOf(outcomes)}`)
    if (values.write && isAsExpected) writeProof(readPage(name), proofOf(name, outcomes, join(folder, name)))
  } catch (error) {
    process.exitCode = 1
    console.error(`${name} could not be tried:`, error)
  }
}
