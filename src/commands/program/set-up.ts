import type { Environment } from '../../config/substitute.ts'
import { collect, readWhole } from './option-values.ts'
import type { RelayCommand } from './relay-command.ts'
import { config, json } from './shared-options.ts'

/** Commands that lead to a relay that works. */
export function addSetUpCommands(program: RelayCommand, env: Environment): void {
  program.commandsGroup('Set up:')

  program
    .command('init')
    .summary('write a configuration for a CMS')
    .description('Writes a configuration for a CMS. At a terminal it asks for what the command line leaves out.')
    .argument('[mapper]', 'the CMS, as `cms-relay mappers` names it')
    .option('--site <host>', 'host of the public site, such as example.com')
    .option('--source <name>', 'name of the source, which is in its URL; else that of the mapper')
    .option('--token <token>', 'connector token of the ingest API; - reads it from standard input, sandbox needs none')
    .option('--website-id <id>', 'the website of the token')
    .option('--base-url <url>', 'root of the ingest API, if it is another one')
    .option('--secret <secret>', 'secret of the webhooks; - reads it from standard input; repeatable', collect, [])
    .option('--public-key <file>', 'what the CMS signs with, if it has a key: a file')
    .option('--api-url <url>', 'root of the API of the CMS, if the mapper does not know it')
    .option('--api-token <token>', 'credential of the API of the CMS; - reads it from standard input')
    .option('--var <pair>', 'a var of the mapper, name=value; repeatable', collect, [])
    .option(
      '--model <model>',
      'a model that is sent, NAME, NAME:TYPE or NAME:TYPE:/path/{slug}; repeatable',
      collect,
      [],
    )
    .option('--public-url <url>', 'address that the CMS reaches the relay at')
    .option('--port <n>', 'port that the relay listens on; else 8080', readWhole)
    .option('--output <file>', 'where to', 'relay.yaml')
    .option('--add', 'add a source to the file; all else in it stays as it is', false)
    .option('--destination <name>', 'where its items go, if there are several')
    .option('--force', 'overwrite the file; values that are in .env stay', false)
    .option('--yes', 'ask nothing', false)
    .example(
      ['answer questions', 'cms-relay init'],
      ['for a Shopify shop', 'cms-relay init shopify --site shop.example.com --var currency=EUR'],
      ['a second CMS', 'cms-relay init strapi --add --model article:post:/blog/{slug}'],
    )
    .action(async (mapper, options) =>
      (await import('../set-up/init/init.ts')).init({
        ...options,
        mapper,
        env,
        isTerminal: Boolean(process.stdin.isTTY),
      }),
    )

  program
    .command('check')
    .summary('validate the configuration, and show what is wired to what')
    .description('Validates the configuration, calls nobody, and shows what is wired to what.')
    .option('--strict', 'exit with 1 if there are warnings', false)
    .option('--no-store', 'do not look into the database')
    .with(config(), json())
    .example(
      ['the configuration that `serve` would take', 'cms-relay check'],
      ['before a deployment', 'cms-relay check --config relay.yaml --strict --no-store'],
    )
    .action(async (options) => (await import('../set-up/check.ts')).check({ ...options, env }))

  program
    .command('doctor')
    .summary('is everything right: secrets, destinations, CMS APIs, disk, clock')
    .description(
      'Looks at all that the relay needs, beside a running one and without one: configuration, secrets, permissions, destinations, CMS APIs, public_url, store, disk, clock and versions. It changes nothing.',
    )
    .with(config(), json())
    .example(
      ['after `init`, and whenever something is odd', 'cms-relay doctor'],
      ['for a script: exit code 1 if something is wrong', 'cms-relay doctor --json'],
    )
    .action(async (options) => (await import('../set-up/doctor/doctor.ts')).doctor({ ...options, env }))

  program
    .command('mappers')
    .summary('the mappers there are, and what each needs')
    .description('Lists the mappers and what each needs. With a name it shows one in full, with a source to copy.')
    .argument('[mapper]', 'its name')
    .with(config(), json())
    .example(
      ['all of them, your own included', 'cms-relay mappers'],
      ['what a source for Strapi needs', 'cms-relay mappers strapi'],
    )
    .action(async (name, options) => (await import('../set-up/mappers.ts')).showMappers({ ...options, name, env }))

  program
    .command('keygen')
    .summary('make up a secret')
    .description('Makes up a secret for webhooks or for the admin API.')
    .option('--bytes <n>', 'of randomness, at least 16', readWhole, 32)
    .with(json())
    .example(['an admin token', 'cms-relay keygen'])
    .action(async (options) => (await import('../set-up/keygen.ts')).keygen(options))
}
