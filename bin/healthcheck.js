// The container's HEALTHCHECK: asks the relay beside it whether it is alive. Exit code 0 or 1.
const port = process.env['PORT'] || '8080'
try {
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2_500) })
  process.exitCode = answer.ok ? 0 : 1
} catch {
  process.exitCode = 1
}
