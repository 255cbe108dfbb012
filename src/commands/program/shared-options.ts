import { Option } from 'commander'
import { readCount, readRate, readTime, readWhole } from './option-values.ts'
import type { RelayCommand } from './relay-command.ts'

// Each is made anew: an option belongs to one command.

export const config = () => new Option('-c, --config <file>', 'configuration; else RELAY_CONFIG, else ./relay.yaml')
export const json = (does = 'print JSON, mistakes as well') => new Option('--json', does).default(false)
export const limit = () => new Option('--limit <n>', 'at most so many').default(10_000).argParser(readWhole)
/** Of what is looked at: as much as fits a screen. */
export const newest = () => new Option('--limit <n>', 'the newest so many').default(20).argParser(readCount)
export const dryRun = () => new Option('--dry-run', 'only say how many').default(false)
export const rate = () =>
  new Option('--rate <n/unit>', 'so many a second, minute or hour (50/s); Ctrl-C ends it').argParser(readRate)
export const itemStatus = () =>
  new Option('--status <status>', 'items that are so').choices(['pending', 'delivered', 'dead'])
export const since = () =>
  new Option('--since <time>', 'at or after this time (RFC 3339), or how long ago (2h)').argParser(readTime)
export const until = () =>
  new Option('--until <time>', 'before this time (RFC 3339), or how long ago (2h)').argParser(readTime)

/** Which settled events: by their ids, or by a filter. */
export function withEventFilter(command: RelayCommand): RelayCommand {
  return command
    .argument('[events...]', 'ids of events')
    .option('--source <name>', 'events of this source')
    .addOption(new Option('--status <status>', 'events that ended so').choices(['processed', 'skipped', 'failed']))
    .option('--topic <topic>', 'events with this topic')
    .with(since(), until())
}

/** Which items, but for their status. */
export function withItems(command: RelayCommand, byDestination = true): RelayCommand {
  const named = command.argument('[item]', 'id of an item')
  return (byDestination ? named.option('--destination <name>', 'items of this destination') : named)
    .option('--source <name>', 'items of this source')
    .option('--type <type>', 'items of this type')
}

/** One item, by its type and id. */
export function withOneItem(command: RelayCommand): RelayCommand {
  return command
    .argument('<type>', 'its type; any: whatever types it is known under')
    .argument('<id>', 'its id, such as post:7')
    .option('--destination <name>', 'at this destination')
}
