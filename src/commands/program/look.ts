import type { Environment } from '../../config/substitute.ts'
import { readWhole } from './option-values.ts'
import type { RelayCommand } from './relay-command.ts'
import { config, json, since } from './shared-options.ts'

/** Commands that show what there is, and change nothing. */
export function addLookCommands(program: RelayCommand, env: Environment): void {
  program.commandsGroup('Look:')

  program
    .command('status')
    .summary('what is pending, delivered and dead')
    .description('Shows what is pending, delivered and dead, and the state of each destination.')
    .with(config(), json())
    .example(['at a glance', 'cms-relay status'], ['for a script', 'cms-relay status --json'])
    .action(async (options) => (await import('../status.ts')).status({ ...options, env }))

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
    .action(async (options) => (await import('../errors.ts')).showErrors({ ...options, env }))
}
