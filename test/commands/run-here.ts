import { type MockInstance, vi } from 'vitest'
import { runCommandLine } from '../../src/commands/run-command-line.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line as `src/cli.ts` does, in this process: for the many small cases. Standard input is not ours to give. */
export async function runHere(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    const code = await runCommandLine(args, env)
    return { code, stdout: writtenTo(stdout), stderr: writtenTo(stderr) }
  } finally {
    stdout.mockRestore()
    stderr.mockRestore()
  }
}

function writtenTo(spy: MockInstance<typeof process.stdout.write>): string {
  return spy.mock.calls.map(([text]) => String(text)).join('')
}
