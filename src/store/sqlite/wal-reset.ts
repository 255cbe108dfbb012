/**
 * Whether this SQLite may lose commits if two connections write and checkpoint at the same time, as a command beside a running
 * relay does. Source: https://sqlite.org/wal.html#walresetbug
 */
export function hasWalResetBug(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (major !== 3 || minor > 51) return false
  if (minor === 44) return patch < 6
  if (minor === 50) return patch < 7
  return minor < 51 || patch < 3
}
