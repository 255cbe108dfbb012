import { readFile } from 'node:fs/promises'
import packageJson from '../../../../package.json' with { type: 'json' }
import { hasWalResetBug } from '../../../store/sqlite/wal-reset.ts'
import { type Check, type Diagnosis, diagnosing } from './diagnosis.ts'

/** Node, and the SQLite that it brings. */
export function checkVersions(versions: { readonly node: string; readonly sqlite?: string | undefined }): Check {
  const node = diagnosing('Node')
  const sqlite = diagnosing('SQLite')
  return {
    check: 'Node',
    name: null,
    async run(): Promise<readonly Diagnosis[]> {
      const wanted = packageJson.engines.node.replace(/^>=/, '')
      const { sqlite: engine = 'unknown' } = versions
      return [
        isAtLeast(versions.node, wanted)
          ? node.good(versions.node)
          : node.bad(`${versions.node} is too old`, `take Node ${wanted} or newer`),
        hasWalResetBug(engine)
          ? sqlite.warning(`${engine} may lose commits if a command writes beside a relay`, 'update Node 24')
          : sqlite.good(engine),
      ]
    },
  }
}

function isAtLeast(version: string, wanted: string): boolean {
  return version.localeCompare(wanted, 'en', { numeric: true }) >= 0
}

/** Each sender, destination and client takes one. */
const fewFiles = 4096

/** How many sockets and files the relay may have open, where the system says so. */
export function checkOpenFiles(limits = '/proc/self/limits'): Check {
  const { good, warning } = diagnosing('open files')
  return {
    check: 'open files',
    name: null,
    async run(): Promise<readonly Diagnosis[]> {
      const text = await readFile(limits, 'utf8').catch(() => '')
      const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1]
      if (soft === undefined) return []
      const words = `${soft} at once`
      const isFew = soft !== 'unlimited' && Number(soft) < fewFiles
      return [
        isFew ? warning(words, `raise the limit: ulimit -n ${fewFiles * 4}, or LimitNOFILE of systemd`) : good(words),
      ]
    },
  }
}
