import { Command, InvalidArgumentError, Option } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import type { Environment } from '../config/substitute.ts'
import { sortableTime } from '../domain/version.ts'
import type { Rate } from '../stages/operate/release.ts'

const config = () => new Option('-c, --config <file>', 'configuration; else RELAY_CONFIG, else ./relay.yaml')
const json = () => new Option('--json', 'print JSON').default(false)
const limit = () => new Option('--limit <n>', 'at most so many').default(10_000).argParser(readWhole)
const dryRun = () => new Option('--dry-run', 'only say how many').default(false)
const rate = () =>
  new Option('--rate <n/unit>', 'so many a second, minute or hour (50/s); Ctrl-C ends it').argParser(readRate)
const itemStatus = () => new Option('--status <status>', 'items that are so').choices(['pending', 'delivered', 'dead'])
const since = () => new Option('--since <time>', 'at or after this time (RFC 3339)').argParser(readTime)
const until = () => new Option('--until <time>', 'before this time (RFC 3339)').argParser(readTime)

/** A command that is given several options at once. */
class RelayCommand extends Command {
  override createCommand(name?: string): RelayCommand {
    return new RelayCommand(name)
  }

  with(...options: readonly Option[]): this {
    for (const option of options) this.addOption(option)
    return this
  }
}

/**
 * The command line. Options are read here, work is done by a function for each command. Its code is read when it is called: most
 * of the time of a short command would be the reading of all the others.
 */
export function createProgram(env: Environment): Command {
  const program = new RelayCommand('cms-relay')
    .description(packageJson.description)
    .version(packageJson.version)
    .exitOverride() // in every command: wrong use exits with 2
    .configureHelp({ showGlobalOptions: true })

  program
    .command('serve')
    .description('run the relay (sandbox mode if nothing is configured)')
    .option('--watch', 'reload when the configuration, `.env`, a secret file or a mapper changes', false)
    .with(config())
    .action(async (options) => {
      await (await import('../serve.ts')).serve({ configFile: options.config, watch: options.watch, env })
      process.exit() // what waits for a reader of standard output waits in vain
    })

  program
    .command('reload')
    .description(
      'bring a running relay to what its configuration says now; needs its admin token (SIGHUP does the same)',
    )
    .option('--url <url>', 'where the relay listens for operators; else as the configuration says')
    .option('--token <token>', 'its admin token; else that of the configuration')
    .option('--dry-run', 'only say what would be done', false)
    .option('--yes', 'hold nothing, and let go what is held', false)
    .with(config(), json())
    .action(async (options) => (await import('./reload.ts')).reload({ ...options, env }))

  program
    .command('check')
    .description('validate the configuration and print what is wired to what')
    .option('--strict', 'exit with 1 where there are warnings', false)
    .option('--no-store', 'do not look into the database')
    .with(config(), json())
    .action(async (options) => (await import('./check.ts')).check({ ...options, env }))

  program
    .command('init')
    .description('write a configuration for a CMS; asks where the command line leaves something out')
    .argument('[mapper]', 'the CMS, as `cms-relay mappers` names it')
    .option('--site <host>', 'host of the public site, such as example.com')
    .option('--source <name>', 'name of the source, which is in its URL; else that of the mapper')
    .option('--output <file>', 'where to', 'relay.yaml')
    .option('--force', 'overwrite the file', false)
    .action(async (mapper, options) =>
      (await import('./init.ts')).init({ ...options, mapper, isTerminal: Boolean(process.stdin.isTTY) }),
    )

  program
    .command('mappers')
    .description('the mappers there are, and what each needs; with a name, one in full and a source to copy')
    .argument('[name]', 'a mapper')
    .with(config(), json())
    .action(async (name, options) => (await import('./mappers.ts')).showMappers({ ...options, name, env }))

  program
    .command('map')
    .description('preview of one webhook: what it would come to, as JSON')
    .option('--mapper <name>', 'the mapper; with --source, the one of the source')
    .option('--fixture <file>', '{"headers":{…},"body":…} or {"headers":{…},"rawBody":"…"}; - is standard input')
    .option('--input <file>', 'the body alone; - is standard input')
    .option('--header <line>', "a header of the webhook, 'Name: value'; repeatable", collect, [])
    .option('--var <pair>', 'a var of the source, name=value; repeatable', collect, [])
    .option('--source <name>', 'take vars, models and destination of this source')
    .with(config())
    .action(async (options) => (await import('./map.ts')).mapOne({ ...options, env }))

  withEventFilter(program.command('replay').description('put events through the mapper again'))
    .addOption(new Option('--last <n>', 'the newest so many of them').argParser(readCount).conflicts('limit'))
    .option('--diff', 'only show what it would change, such as before and after an upgrade', false)
    .with(dryRun(), rate(), limit(), config(), json())
    .action(async (ids, options) => (await import('./replay.ts')).replay({ ...options, ids, env }))

  withItems(program.command('redeliver').description('send items to their destination again, changed or not'))
    .with(itemStatus(), since(), until())
    .option('--all', 'every item', false)
    .option('--reset-version', 'forget their known versions as well: the next change of each is believed', false)
    .with(dryRun(), rate(), limit(), config(), json())
    .action(async (id, options) => (await import('./redeliver.ts')).redeliver({ ...options, id, env }))

  const oneItem = (command: RelayCommand) =>
    command
      .argument('<type>', 'its type; any: whatever types it is known under')
      .argument('<id>', 'its id, such as post:7')
      .option('--destination <name>', 'at this destination')

  oneItem(program.command('remove').description('take an item away; the next newer change brings it back'))
    .option('--hold', 'keep it away until it is released, whatever the CMS says', false)
    .with(dryRun(), config(), json())
    .action(async (type, id, options) => (await import('./remove.ts')).remove({ ...options, type, id, env }))

  oneItem(program.command('release').description('end the hold of an item: what the CMS wants of it goes out'))
    .with(dryRun(), config(), json())
    .action(async (type, id, options) => (await import('./remove.ts')).release({ ...options, type, id, env }))

  withItems(
    program.command('move').description('move items to another destination, where they are delivered anew'),
    false,
  )
    .requiredOption('--from <name>', 'the destination that has them, configured or not')
    .requiredOption('--to <name>', 'a configured destination')
    .with(itemStatus(), since(), until(), dryRun(), limit(), config(), json())
    .action(async (id, options) => (await import('./move.ts')).move({ ...options, id, env }))

  const purge = program.command('purge').description('away with settled events, or with dead items')

  withEventFilter(
    purge
      .command('events')
      .description(
        'delete events that are processed, skipped or failed, before their time; with them their delivery ids are forgotten, so that what the sender sends again is taken as new',
      ),
  )
    .with(dryRun(), limit(), config(), json())
    .action(async (ids, options) => (await import('./purge.ts')).purgeEvents({ ...options, ids, env }))

  withItems(
    purge
      .command('items')
      .description(
        'give dead items up, and pending ones of a destination that is not configured; what the ingest API may have of them stays known',
      ),
  )
    .with(since(), until())
    .option('--all', 'every dead item', false)
    .with(dryRun(), limit(), config(), json())
    .action(async (id, options) => (await import('./purge.ts')).purgeItems({ ...options, id, env }))

  program
    .command('errors')
    .description('what is wrong, by cause: failed and waiting events, dead and pending items')
    .option('--source <name>', 'of this source')
    .option('--destination <name>', 'of this destination')
    .with(since())
    .option('--limit <n>', 'at most so many causes', readWhole, 20)
    .with(config(), json())
    .action(async (options) => (await import('./errors.ts')).showErrors({ ...options, env }))

  program
    .command('enable')
    .description('let a destination be called again, after a test call')
    .argument('<destination>', 'its name')
    .option('--force', 'also where the test call is refused', false)
    .with(config(), json())
    .action(async (name, options) => (await import('./enable.ts')).enable({ ...options, name, env }))

  program
    .command('disable')
    .description('send nothing more to a destination until it is enabled; its items wait')
    .argument('<destination>', 'its name')
    .option('--reason <text>', 'what `status` is to say', 'disabled by an operator')
    .with(config(), json())
    .action(async (name, options) => (await import('./enable.ts')).disable({ ...options, name, env }))

  program
    .command('status')
    .description('what is pending, delivered and dead')
    .with(config(), json())
    .action(async (options) => (await import('./status.ts')).status({ ...options, env }))

  program
    .command('backup')
    .description('copy the database into a file, also while the relay runs, and check the copy')
    .argument('<file>', 'where to')
    .option('--force', 'replace the file', false)
    .with(config(), json())
    .action(async (file, options) => (await import('./backup.ts')).backup({ ...options, file, env }))

  program
    .command('sandbox')
    .description('an ingest API for tests, on loopback, that judges every call as the real one would')
    .option('--port <n>', 'port; 0 takes a free one', readWhole, 8081)
    .option('--token <token>', 'connectorId.secret')
    .option('--website-id <id>', 'the website of the token')
    .option('--site-domain <host>', 'the host that urls must have')
    .option('--alias <host>', 'a further host that they may have; repeatable', collect, [])
    .option('--state <file>', 'remember items over restarts')
    .action(async (options) => (await import('./sandbox.ts')).runSandbox(options))

  program
    .command('sign')
    .description('print the signed headers of an ingest call')
    .requiredOption('--website-id <id>', 'the website of the token')
    .option('--token <token>', 'connectorId.secret; else BAINQUET_CONNECTOR_TOKEN')
    .option('--path <path>', 'path of the url, as sent', '/v1/ingest/batch')
    .option('--input <file>', 'the exact body; - is standard input', '-')
    .option('--timestamp <sec>', 'unix seconds; else now', readWhole)
    .option('--nonce <nonce>', 'else a fresh one')
    .with(json())
    .action(async (options) => (await import('./sign.ts')).signCall({ ...options, env }))

  program
    .command('keygen')
    .description('make up a secret for webhooks or the admin API')
    .option('--bytes <n>', 'of randomness, at least 16', readWhole, 32)
    .with(json())
    .action(async (options) => (await import('./keygen.ts')).keygen(options))
  return program
}

function collect(value: string, before: string[]): string[] {
  return [...before, value]
}

function readWhole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

function readCount(text: string): number {
  const count = readWhole(text)
  if (count === 0) throw new InvalidArgumentError('expected a whole number from 1')
  return count
}

function readRate(text: string): Rate {
  const [, count, unit] = /^([1-9]\d{0,6})\/(s|m|h)$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('expected a rate such as 50/s, 100/m or 1000/h')
  return { count: Number(count), perMs: { s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h'] }
}

function readTime(text: string): number {
  const time = sortableTime(text)
  if (time === null) throw new InvalidArgumentError('expected a time such as 2026-01-31T08:00:00Z')
  return Date.parse(`${time.slice(0, 23)}Z`)
}

/** Which settled events: by their ids, or by a filter. */
function withEventFilter(command: RelayCommand): RelayCommand {
  return command
    .argument('[events...]', 'ids of events')
    .option('--source <name>', 'events of this source')
    .addOption(new Option('--status <status>', 'events that ended so').choices(['processed', 'skipped', 'failed']))
    .option('--topic <topic>', 'events with this topic')
    .with(since(), until())
}

/** Which items, but for their status. */
function withItems(command: RelayCommand, byDestination = true): RelayCommand {
  const named = command.argument('[item]', 'id of an item')
  return (byDestination ? named.option('--destination <name>', 'items of this destination') : named)
    .option('--source <name>', 'items of this source')
    .option('--type <type>', 'items of this type')
}
