import type { Environment } from '../../config/substitute.ts'
import { readRelayUrl } from './option-values.ts'
import type { RelayCommand } from './relay-command.ts'
import { config, json } from './shared-options.ts'

/** Commands that run a relay and keep it running. */
export function addRunCommands(program: RelayCommand, env: Environment): void {
  program.commandsGroup('Run:')

  program
    .command('serve')
    .summary('run the relay')
    .description('Runs the relay until it is stopped. With nothing configured it is sandbox mode: all on this machine.')
    .option('--watch', 'reload when the configuration, `.env`, a secret file or a mapper changes', false)
    .with(config())
    .example(
      ['run what ./relay.yaml says', 'cms-relay serve'],
      ['while you work on a mapper', 'cms-relay serve --config relay.dev.yaml --watch'],
    )
    .action(async (options) => {
      const { prepareStore } = await import('../../store/open.ts')
      prepareStore() // beside the reading of all other code
      await (await import('../../serve.ts')).serve({ configFile: options.config, watch: options.watch, env })
      process.exit() // what waits for a reader of standard output waits in vain
    })

  program
    .command('reload')
    .summary('bring a running relay to what its configuration says now')
    .description(
      'Brings a running relay to what its configuration says now. It needs the admin token. The signal SIGHUP does the same.',
    )
    .option('--url <url>', 'where the relay listens for operators; else as the configuration says', readRelayUrl)
    .option('--token <token>', 'its admin token; else that of the configuration')
    .option('--dry-run', 'only say what would be done', false)
    .option('--yes', 'hold nothing, and let go what is held', false)
    .with(config(), json())
    .example(
      ['what a reload would change', 'cms-relay reload --dry-run'],
      ['a relay elsewhere', 'cms-relay reload --url https://relay.example.com --token "$RELAY_ADMIN_TOKEN"'],
    )
    .action(async (options) => (await import('../run/reload.ts')).reload({ ...options, env }))

  program
    .command('backup')
    .summary('copy the database into a file')
    .description('Copies the database into a file, also while the relay runs, and checks the copy.')
    .argument('<file>', 'where to')
    .option('--force', 'replace the file', false)
    .with(config(), json())
    .example(['a copy that replaces the last one', 'cms-relay backup /backups/relay.db --force'])
    .action(async (file, options) => (await import('../run/backup.ts')).backup({ ...options, file, env }))
}
