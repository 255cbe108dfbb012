import { Option } from 'commander'
import type { Environment } from '../../config/substitute.ts'
import { readCount } from './option-values.ts'
import type { RelayCommand } from './relay-command.ts'
import {
  config,
  dryRun,
  itemStatus,
  json,
  limit,
  rate,
  since,
  until,
  withEventFilter,
  withItems,
  withOneItem,
} from './shared-options.ts'

/** Commands by which an operator changes events, items and destinations. */
export function addChangeCommands(program: RelayCommand, env: Environment): void {
  program.commandsGroup('Change:')
  addSendingAgain(program, env)
  addTakingAway(program, env)
  addPurging(program, env)
  addSwitching(program, env)
}

function addSendingAgain(program: RelayCommand, env: Environment): void {
  withEventFilter(program.command('replay'))
    .summary('put events through the mapper again')
    .description('Puts events through the mapper again. What does not change is not sent.')
    .addOption(new Option('--last <n>', 'the newest so many of them').argParser(readCount).conflicts('limit'))
    .option('--diff', 'only show what it would change, such as before and after an upgrade', false)
    .with(dryRun(), rate(), limit(), config(), json())
    .example(
      ['one event', 'cms-relay replay evt_12'],
      ['all that have failed', 'cms-relay replay --status failed'],
      ['what a new mapper would change', 'cms-relay replay --source shop --last 100 --diff'],
    )
    .action(async (ids, options) => (await import('../change/replay.ts')).replay({ ...options, ids, env }))

  withItems(program.command('redeliver'))
    .summary('send items to their destination again')
    .description('Sends items to their destination again, changed or not.')
    .with(itemStatus(), since(), until())
    .option('--all', 'every item', false)
    .option('--reset-version', 'forget their known versions as well: the next change of each is believed', false)
    .with(dryRun(), rate(), limit(), config(), json())
    .example(
      ['one item', 'cms-relay redeliver post:7'],
      ['what was given up', 'cms-relay redeliver --status dead'],
      ['a whole website, gently', 'cms-relay redeliver --destination main --rate 50/s'],
    )
    .action(async (id, options) => (await import('../change/redeliver.ts')).redeliver({ ...options, id, env }))
}

function addTakingAway(program: RelayCommand, env: Environment): void {
  withOneItem(program.command('remove'))
    .summary('take an item away from its destination')
    .description('Takes an item away from its destination. The next newer change brings it back.')
    .option('--hold', 'keep it away until it is released, whatever the CMS says', false)
    .with(dryRun(), config(), json())
    .example(
      ['until it changes in the CMS', 'cms-relay remove post post:7'],
      ['until you release it', 'cms-relay remove post post:7 --hold'],
    )
    .action(async (type, id, options) => (await import('../change/remove.ts')).remove({ ...options, type, id, env }))

  withOneItem(program.command('release'))
    .summary('end the hold of an item')
    .description('Ends the hold of an item: what the CMS wants of it goes out.')
    .with(dryRun(), config(), json())
    .example(['a post that was held', 'cms-relay release post post:7'])
    .action(async (type, id, options) => (await import('../change/remove.ts')).release({ ...options, type, id, env }))

  withItems(program.command('move'), false)
    .summary('move items to another destination')
    .description('Moves items to another destination, where they are delivered anew.')
    .requiredOption('--from <name>', 'the destination that has them, configured or not')
    .requiredOption('--to <name>', 'a configured destination')
    .with(itemStatus(), since(), until(), dryRun(), limit(), config(), json())
    .example(['after a destination was renamed', 'cms-relay move --from old --to main'])
    .action(async (id, options) => (await import('../change/move.ts')).move({ ...options, id, env }))
}

function addPurging(program: RelayCommand, env: Environment): void {
  const purge = program
    .command('purge')
    .helpCommand(false)
    .summary('delete settled events, or give items up')
    .description('Deletes settled events, or gives items up.')
    .example(['how many it would be', 'cms-relay purge events --status skipped --dry-run'])

  withEventFilter(purge.command('events'))
    .summary('delete settled events before their time')
    .description(
      'Deletes events that are processed, skipped or failed, before their time. Their delivery ids are forgotten with them: what the sender sends again is taken as new.',
    )
    .with(dryRun(), limit(), config(), json())
    .example(['what was skipped more than a day ago', 'cms-relay purge events --status skipped --until 24h'])
    .action(async (ids, options) => (await import('../change/purge.ts')).purgeEvents({ ...options, ids, env }))

  withItems(purge.command('items'))
    .summary('give items up')
    .description(
      'Gives dead items up, and pending ones of a destination that is not configured. What the ingest API may have of them stays known.',
    )
    .with(since(), until())
    .option('--all', 'every dead item', false)
    .with(dryRun(), limit(), config(), json())
    .example(['the dead items of one source', 'cms-relay purge items --source shop'])
    .action(async (id, options) => (await import('../change/purge.ts')).purgeItems({ ...options, id, env }))
}

function addSwitching(program: RelayCommand, env: Environment): void {
  program
    .command('enable')
    .summary('let a destination be called again')
    .description('Lets a destination be called again, after a test call.')
    .argument('<destination>', 'its name')
    .option('--force', 'also if the test call is refused', false)
    .with(config(), json())
    .example(['after a new token was put in', 'cms-relay enable main'])
    .action(async (name, options) => (await import('../change/enable.ts')).enable({ ...options, name, env }))

  program
    .command('disable')
    .summary('send nothing to a destination until it is enabled')
    .description('Sends nothing more to a destination until it is enabled. Its items wait.')
    .argument('<destination>', 'its name')
    .option('--reason <text>', 'what `status` is to say', 'disabled by an operator')
    .with(config(), json())
    .example(['while a website moves', 'cms-relay disable main --reason "the website moves"'])
    .action(async (name, options) => (await import('../change/enable.ts')).disable({ ...options, name, env }))
}
