import packageJson from '../../package.json' with { type: 'json' }
import type { Environment } from '../config/substitute.ts'
import { addChangeCommands } from './program/change.ts'
import { addHelpCommands } from './program/help.ts'
import { addLookCommands } from './program/look.ts'
import { RelayCommand } from './program/relay-command.ts'
import { addRunCommands } from './program/run.ts'
import { addSetUpCommands } from './program/set-up.ts'
import { addTryCommands } from './program/try.ts'

/**
 * The command line. Options are read here, work is done by a function for each command. Its code is read when it is called: most
 * of the time of a short command would be the reading of all the others.
 */
export function createProgram(env: Environment): RelayCommand {
  const program = new RelayCommand('cms-relay')
    .description(packageJson.description)
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .exitOverride() // in every command: wrong use exits with 2
    .example(
      ['try it: everything on this machine', 'cms-relay serve'],
      ['start with a CMS of yours', 'cms-relay init'],
      ['how a command is called', 'cms-relay replay --help'],
    )
  addRunCommands(program, env)
  addSetUpCommands(program, env)
  addLookCommands(program, env)
  addChangeCommands(program, env)
  addTryCommands(program, env)
  addHelpCommands(program, env)
  return program
}
