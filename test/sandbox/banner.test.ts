import { expect, test } from 'vitest'
import { sandboxBanner } from '../../src/sandbox/banner.ts'
import { sandboxConfig } from '../../src/sandbox/mode.ts'

const config = sandboxConfig({}, 'http://127.0.0.1:8081/v1/ingest')
const banner = (port: number, wanted: number) =>
  sandboxBanner('http://127.0.0.1:8080', `http://127.0.0.1:${port}`, wanted, config)

test('the banner says why the ingest API is not on the port that the README names', () => {
  expect(banner(45929, 8081)).toMatch(/^ +port 8081 is taken by another program, so this is another one$/m)
})

test.each([
  [8081, 8081],
  [45929, 0],
])('on port %i, with %i wanted, there is nothing to say', (port, wanted) => {
  expect(banner(port, wanted)).not.toContain('taken')
})
