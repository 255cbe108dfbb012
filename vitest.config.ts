import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One for each of two cores, also where the default would leave one of them idle.
    maxWorkers: 2,
    // Real processes, sockets and disks: slow machines get time, and a hang still ends.
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
