import { relative, resolve } from 'node:path'
import type { EnvLine } from '../../../config/env-file.ts'
import { docPath } from '../../shared/doc-path.ts'
import { hanging } from '../../shared/hanging.ts'
import { needsOf } from '../mapper-needs.ts'
import type { InitPlan } from './plan.ts'
import { setupSteps } from './steps.ts'

export interface Written extends InitPlan {
  readonly output: string
  /** Where the CMS calls, if it is known. */
  readonly url: string | null
  /** What `.env` was to hold. */
  readonly lines: readonly EnvLine[]
  /** Names of variables that `.env` has had. */
  readonly kept: readonly string[]
  readonly isAdded: boolean
  readonly port: number | null
  readonly toSandbox: boolean
  /** The variable of the source's secret, if there is one. */
  readonly secretName: string | null
}

/** What was written, what is missing in it, what to type, and what to click in the CMS: its test needs a relay that runs. */
export function nextSteps(written: Written): string {
  const { definition, page, models, source, site, output, lines, kept, isAdded, port, toSandbox, secretName } = written
  const config = relative('.', resolve(output)) === 'relay.yaml' ? '' : ` --config ${shellWord(output)}`
  const envFile = nearPath(resolve(output, '..', '.env'))
  const missing = lines.filter(({ name, value }) => value === '' && !kept.includes(name))
  const url = written.url ?? `https://<your relay>/webhooks/${source}`
  const clicks = setupSteps({
    definition,
    url,
    secret: secretName === null ? 'the secret' : `the value of ${secretName} in ${envFile}`,
  })
  return [
    `${isAdded ? `${output} has a source more, '${source}'.` : `${output} is written.`} Secrets are in ${envFile}, which only you can read.`,
    ...(kept.length > 0 ? [`${envFile} has kept its ${kept.join(', ')}.`] : []),
    ...(missing.length > 0
      ? [
          '',
          `Still to be filled in, in ${envFile}:`,
          ...aligned(missing.map(({ name, meaning }) => [name, meaning ?? ''])),
        ]
      : []),
    ...(needsOf(definition).models && models.length === 0
      ? ['', `\`models\` in ${output} holds an example: name what may leave there.`]
      : []),
    '',
    'Start it:',
    ...aligned(commands(config, { isAdded, sandboxSite: toSandbox ? site : null })),
    '',
    `In ${definition.title}${page === null ? '' : ` (${docPath(page)})`}:`,
    ...clicks.flatMap((step, index) => hanging(`  ${index + 1}. `, step)),
    ...(written.url === null ? ['', ...reach(port, source)] : []),
    '',
    'Then:',
    ...aligned([
      [`npx cms-relay doctor${config}`, 'tries secrets, addresses, disk and clock'],
      [`npx cms-relay events${config}`, 'shows what the CMS has sent, and what became of it'],
    ]),
  ].join('\n')
}

/** Relative if it is below the working directory, else absolute. */
function nearPath(path: string): string {
  const near = relative('.', path)
  return near.startsWith('..') ? path : near
}

function reach(port: number | null, source: string): readonly string[] {
  return [
    ...(port === null ? [] : [`A CMS on this machine calls http://127.0.0.1:${port}/webhooks/${source}.`]),
    ...hanging('', 'A CMS elsewhere has to reach the relay: put its public address into server.public_url.'),
    ...hanging(
      '',
      `A laptop needs a tunnel to ${port === null ? 'the port of the relay' : `port ${port}`}: ${docPath('docs/running.md#a-tunnel-to-your-laptop')}`,
    ),
  ]
}

interface CommandsOptions {
  readonly isAdded: boolean
  readonly sandboxSite: string | null
}

function commands(config: string, { isAdded, sandboxSite }: CommandsOptions): readonly (readonly [string, string])[] {
  return [
    ...(sandboxSite === null
      ? []
      : [
          [
            `npx cms-relay sandbox --site-domain ${sandboxSite}`,
            'the ingest API to try with, in a terminal of its own',
          ] as const,
        ]),
    [`npx cms-relay check${config}`, 'says what is missing or wrong'],
    isAdded
      ? [`npx cms-relay reload${config}`, 'brings a running relay to it; serve starts one']
      : [`npx cms-relay serve${config}`, 'runs the relay'],
  ]
}

/** With less, what is said of each stands below it. */
const leastRoom = 40

function aligned(rows: readonly (readonly [string, string])[]): readonly string[] {
  const widest = Math.max(...rows.map(([left]) => left.length))
  const room = (process.stdout.columns ?? Number.POSITIVE_INFINITY) - widest - 4
  const isBelow = room < leastRoom && rows.some(([, right]) => right.length > room)
  return rows.flatMap(([left, right]) =>
    isBelow ? [`  ${left}`, ...hanging('    ', right)] : hanging(`  ${left.padEnd(widest)}  `, right),
  )
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
