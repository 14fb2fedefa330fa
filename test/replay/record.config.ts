import { defineConfig } from 'vitest/config';

/** `npx vitest run --config test/replay/record.config.ts`: records the histories that are not there yet. */
export default defineConfig({
  test: {
    include: ['test/replay/record-histories.ts', 'test/replay/record-superseded.ts'],
    globalSetup: ['test/setup/environments.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
