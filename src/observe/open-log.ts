import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { createLog, type LiveMask } from './log.ts'
import { createLogFormat, type LogFormat } from './log-format.ts'
import { createLogOutput, jsonNotice, type LogOutput } from './log-output.ts'

/** The log of a process, on standard output. */
export interface Log extends Pick<LogFormat, 'terminal' | 'look'>, Pick<LogOutput, 'write' | 'dropped'> {
  readonly logger: Logger
  /** Takes over what a reload has changed. */
  take(settings: Config['log']): Promise<void>
  /** Resolves once everything is written, or after `ms`, whichever is first. */
  end(ms: number): Promise<void>
}

export async function openLog(settings: Config['log'], secrets: LiveMask): Promise<Log> {
  const output = createLogOutput({ noticeOf: (lines) => terminal()?.noticeOf(lines) ?? jsonNotice(lines) })
  const { terminal, look, use } = createLogFormat({
    write: output.write,
    mask: secrets.mask,
    isEnabled: (level) => logger.isLevelEnabled(level),
  })
  const logger = createLog({ level: settings.level, secrets, stream: output, terminal })
  await use(settings.format)
  return {
    ...{ logger, terminal, look, write: output.write, dropped: output.dropped },
    async take({ level, format }) {
      logger.level = level
      await use(format)
    },
    end(ms) {
      terminal()?.end()
      return output.end(ms)
    },
  }
}
