import type { Environment } from '../../config/substitute.ts'
import { collect, readRelayUrl, readWhole } from './option-values.ts'
import type { RelayCommand } from './relay-command.ts'
import { config, json } from './shared-options.ts'

/** Commands that try a mapper, a source or a call. */
export function addTryCommands(program: RelayCommand, env: Environment): void {
  program.commandsGroup('Try:')

  program
    .command('map')
    .summary('what one webhook would come to')
    .description('Shows what one webhook would come to, as JSON. Nothing is kept or sent.')
    .option('--mapper <name>', 'the mapper; with --source, the one of the source')
    .option('--fixture <file>', '{"headers":{…},"body":…} or {"headers":{…},"rawBody":"…"}; - is standard input')
    .option('--input <file>', 'the body alone; - is standard input')
    .option('--header <line>', "a header of the webhook, 'Name: value'; repeatable", collect, [])
    .option('--var <pair>', 'a var of the source, name=value; repeatable', collect, [])
    .option('--source <name>', 'take vars, models and destination of this source')
    .with(config(), json('print mistakes as JSON, too'))
    .example(
      ['with the settings of a source', 'cms-relay map --source shop --fixture webhook.json'],
      [
        'a body alone',
        "cms-relay map --mapper shopify --input body.json --header 'X-Shopify-Topic: products/update' --var origin=https://example.com --var currency=EUR",
      ],
    )
    .action(async (options) => (await import('../try/map.ts')).mapOne({ ...options, env }))

  program
    .command('send')
    .summary('a webhook to a running relay, signed as its source asks')
    .description(
      'Sends one webhook to a running relay, signed as its source asks, and shows what became of it. Exit code 1 if it is refused, fails or is given up.',
    )
    .requiredOption('--source <name>', 'the source, whose secret signs')
    .option('--fixture <file>', '{"headers":{…},"body":…} or {"headers":{…},"rawBody":"…"}; - is standard input')
    .option('--input <file>', 'the body alone; - is standard input')
    .option('--header <line>', "a header of the webhook, 'Name: value'; repeatable", collect, [])
    .option('--topic <topic>', 'what has happened, in the header that the mapper reads')
    .option('--keep-id', 'keep the delivery id that the fixture has: sent again it is a duplicate', false)
    .option('--url <url>', 'where the relay listens; else as the configuration says', readRelayUrl)
    .option('--token <token>', 'its admin token, to see what becomes of it; else that of the configuration')
    .option('--wait', 'wait for what becomes of it, as is done at a terminal')
    .option('--no-wait', 'show only the answer')
    .with(config(), json())
    .example(
      ['a recorded webhook, to the relay of this configuration', 'cms-relay send --source shop --fixture webhook.json'],
      ['a body, in sandbox mode', 'cms-relay send --source shop --topic products/update --input product.json'],
    )
    .action(async (options) => {
      const { wait = Boolean(process.stdout.isTTY) } = options
      await (await import('../try/send/send.ts')).send({ ...options, wait, env })
    })

  program
    .command('test')
    .summary('compare fixtures with what is expected')
    .description(
      'Maps each NAME.json of a folder, and of those in it, and compares what comes out with NAME.expected.json. Nothing is kept or sent.',
    )
    .argument('<folder>', 'the folder; one with fixtures has the name of their mapper, or a source.yaml that names it')
    .option('--update', 'write what comes out as what is expected', false)
    .option('--mapper <name>', 'the mapper of all fixtures')
    .option('--mappers <folder>', 'the folder of your own mappers; else mappers_dir of the configuration')
    .option('--source <name>', 'take mapper, vars, models and destination of this source, not of source.yaml')
    .with(config(), json())
    .example(
      ['your mappers', 'cms-relay test fixtures --mappers my-mappers'],
      ['after a change that is meant', 'cms-relay test fixtures --mappers my-mappers --update'],
    )
    .action(async (folder, options) => (await import('../try/test/test.ts')).testFixtures({ ...options, folder, env }))

  program
    .command('sandbox')
    .summary('an ingest API for tests')
    .description('Runs an ingest API for tests, on loopback, that judges every call as the real one would.')
    .option('--port <n>', 'port; 0 takes a free one', readWhole, 8081)
    .option('--token <token>', 'connectorId.secret')
    .option('--website-id <id>', 'the website of the token')
    .option('--site-domain <host>', 'the host that urls must have')
    .option('--alias <host>', 'a further host that they may have; repeatable', collect, [])
    .option('--state <file>', 'remember items over restarts')
    .example(
      ['with its own token and website', 'cms-relay sandbox'],
      ['with yours', 'cms-relay sandbox --token con_1.secret --website-id site_1 --site-domain example.com'],
    )
    .action(async (options) => (await import('../try/sandbox.ts')).runSandbox(options))

  program
    .command('sign')
    .summary('the signed headers of an ingest call')
    .description('Prints the signed headers of an ingest call, to compare another implementation with.')
    .option('--website-id <id>', 'the website of the token; else BAINQUET_WEBSITE_ID')
    .option('--token <token>', 'connectorId.secret; else BAINQUET_CONNECTOR_TOKEN')
    .option('--path <path>', 'path of the url, as sent', '/v1/ingest/batch')
    .option('--input <file>', 'the exact body; - is standard input', '-')
    .option('--timestamp <sec>', 'unix seconds; else now', readWhole)
    .option('--nonce <nonce>', 'else a fresh one')
    .with(json())
    .example([
      'a batch from a file, with the token in BAINQUET_CONNECTOR_TOKEN',
      'cms-relay sign --website-id site_1 --input batch.json',
    ])
    .action(async (options) => (await import('../try/sign.ts')).signCall({ ...options, env }))
}
