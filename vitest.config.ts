import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'

export default defineConfig({
  // What the relay answers this import with (src/mapping/library/load-module.ts).
  resolve: { alias: { 'cms-relay/mapper': fileURLToPath(new URL('./src/mapping/kit.ts', import.meta.url)) } },
  test: {
    // What takes long (many processes, foreign clients, memory) runs in CI, by `npm run test:slow`.
    include: process.env['SLOW'] ? ['**/test/**/*.slow.test.ts'] : ['**/test/**/!(*.slow).test.ts'],
    // One for each of two cores, also where the default would leave one of them idle.
    maxWorkers: 2,
    // A worker keeps what it has imported and compiled for its next file, which is a third of all work. So no file may
    // leave anything behind: no mocked module, no changed environment, no open server.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // Real processes, sockets and disks: slow machines get time, and a hang still ends.
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
