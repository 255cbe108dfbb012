import { Argument } from 'commander'
import type { Environment } from '../../config/substitute.ts'
import { shells } from '../help/completion/scripts.ts'
import type { RelayCommand } from './relay-command.ts'

/** Commands that help with the others. */
export function addHelpCommands(program: RelayCommand, env: Environment): void {
  program.commandsGroup('Help:')

  program
    .command('completion')
    .summary('make your shell complete commands, options and names')
    .description('Prints a script for your shell. With it the shell completes commands, options, and your own names.')
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .example(
      ['for this bash', 'source <(cms-relay completion bash)'],
      ['for every fish', 'cms-relay completion fish > ~/.config/fish/completions/cms-relay.fish'],
      ['for every zsh, in a folder of $fpath', 'cms-relay completion zsh > ~/.zfunc/_cms-relay'],
    )
    .action(async (shell) => (await import('../help/completion/completion.ts')).printScript(shell))

  program
    .command('complete', { hidden: true })
    .description('Answers a shell: the words that may stand in the place of the last one.')
    .argument('[words...]', 'the line so far, behind --')
    .example(['what may follow', 'cms-relay complete -- replay --st'])
    .action(async (words) => (await import('../help/completion/completion.ts')).printCandidates(program, words, env))

  program.helpCommand('help [command]', 'how a command is called')
}
