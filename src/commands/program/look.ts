import { Option } from 'commander'
import type { Environment } from '../../config/substitute.ts'
import { signalTypes } from '../../domain/signal-type.ts'
import { readRelayUrl, readWhole } from './option-values.ts'
import type { RelayCommand } from './relay-command.ts'
import { config, itemStatus, json, newest, since, until } from './shared-options.ts'

/** Commands that show what there is, and change nothing. */
export function addLookCommands(program: RelayCommand, env: Environment): void {
  program.commandsGroup('Look:')

  program
    .command('status')
    .summary('what is pending, delivered and dead')
    .description('Shows what is pending, delivered and dead, and the state of each destination.')
    .with(config(), json())
    .example(['at a glance', 'cms-relay status'], ['for a script', 'cms-relay status --json'])
    .action(async (options) => (await import('../look/status.ts')).status({ ...options, env }))

  program
    .command('errors')
    .summary('what is wrong, by cause')
    .description('Shows what is wrong, by cause: failed and waiting events, refused webhooks, dead and pending items.')
    .option('--source <name>', 'of this source')
    .option('--destination <name>', 'of this destination')
    .with(since())
    .option('--limit <n>', 'at most so many causes', readWhole, 20)
    .with(config(), json())
    .example(
      ['the most frequent causes', 'cms-relay errors'],
      ['of one source since yesterday', 'cms-relay errors --source shop --since 24h'],
    )
    .action(async (options) => (await import('../look/errors.ts')).showErrors({ ...options, env }))

  program
    .command('events')
    .summary('webhooks that were accepted, and what became of them')
    .description(
      'Lists webhooks that were accepted, the newest first. With an id it shows one: its request, why it failed, and its items.',
    )
    .argument('[event]', 'id of an event')
    .option('--source <name>', 'events of this source')
    .addOption(
      new Option('--status <status>', 'events that are so').choices([
        'pending',
        'waiting',
        'processed',
        'skipped',
        'failed',
      ]),
    )
    .option('--topic <topic>', 'events with this topic')
    .with(since(), until(), newest(), config(), json())
    .example(
      ['the newest', 'cms-relay events'],
      ['what has failed in the last hour', 'cms-relay events --status failed --since 1h'],
      ['one, with all that became of it', 'cms-relay events evt_12'],
    )
    .action(async (id, options) => (await import('../look/events.ts')).showEvents({ ...options, id, env }))

  program
    .command('items')
    .summary('content at its destinations, and why it is not there yet')
    .description(
      'Lists items, last changed first. With an id it shows one: what is wanted, what is delivered, what was tried, and why it waits.',
    )
    .argument('[item]', 'id of an item, such as post:7')
    .option('--destination <name>', 'items of this destination')
    .option('--source <name>', 'items of this source')
    .option('--type <type>', 'items of this type')
    .option('--held', 'items that an operator keeps away', false)
    .with(itemStatus(), since(), until(), newest(), config(), json())
    .example(
      ['what waits', 'cms-relay items --status pending'],
      ['why a post is not on the site', 'cms-relay items post:7'],
      ['what was given up, for a script', 'cms-relay items --status dead --limit 1000 --json'],
    )
    .action(async (id, options) => (await import('../look/items.ts')).showItems({ ...options, id, env }))

  program
    .command('attempts')
    .summary('calls to the ingest API, and what came of them')
    .description('Lists calls to the ingest API, the newest first: what came of each, and how long it took.')
    .option('--destination <name>', 'calls to this destination')
    .option('--batch <id>', 'tries of this batch')
    .option('--failed', 'only those that did not succeed', false)
    .with(since(), newest(), config(), json())
    .example(['the newest', 'cms-relay attempts'], ['what has failed today', 'cms-relay attempts --failed --since 24h'])
    .action(async (options) => (await import('../look/attempts.ts')).showAttempts({ ...options, env }))

  program
    .command('tail')
    .summary('what happens at a running relay, as it happens')
    .description(
      'Follows a running relay until Ctrl-C, and goes on after a break. It needs the admin token. Times are UTC.',
    )
    .option('--source <name>', 'signals of this source')
    .option('--destination <name>', 'signals of this destination')
    .addOption(new Option('--type <types...>', 'signals of these types, such as item.dead').choices(signalTypes))
    .option('--url <url>', 'where the relay listens for operators; else as the configuration says', readRelayUrl)
    .option('--token <token>', 'its admin token; else that of the configuration')
    .with(config(), json('print JSON, one signal a line'))
    .example(
      ['all that happens', 'cms-relay tail'],
      ['what goes wrong, for a script', 'cms-relay tail --type event.failed item.dead destination.disabled --json'],
      [
        'a relay elsewhere',
        'cms-relay tail --url https://relay.example.com --token "$RELAY_ADMIN_TOKEN" --source shop',
      ],
    )
    .action(async (options) => (await import('../look/tail.ts')).tail({ ...options, env }))
}
