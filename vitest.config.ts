import { defineConfig } from 'vitest/config';

// How long a test may take at most is no measure of it: a machine under load is four times slower than a quiet one.
const expect = { poll: { timeout: 20_000 } };
const withServers = { testTimeout: 300_000, hookTimeout: 300_000, expect };
const withLongWork = { ...withServers, testTimeout: 600_000 };

// Tests that talk to real servers or run the time-skipping one; everything else mirrors src/ and takes seconds.
const integration = ['contracts', 'adapters', 'workflows', 'replay', 'e2e'].map((folder) => `test/${folder}/**/*.test.ts`);
const chaos = ['test/chaos/**/*.test.ts'];
const wiring = ['test/wiring/**/*.test.ts'];
const traffic = ['test/traffic/**/*.test.ts'];
const cluster = ['test/cluster/**/*.test.ts'];
/** Whole rollouts over a cluster: minutes each. */
const rollouts = ['test/cluster/**/whole-rollout.test.ts', 'test/cluster/argo-rollouts-router.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...integration, ...chaos, ...wiring, ...traffic, ...cluster],
          testTimeout: 30_000,
          expect,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: integration,
          exclude: ['test/adapters/s3/encryption.test.ts'], // which MinIO does and versitygw does not
          globalSetup: ['test/setup/environments.ts'],
          ...withServers,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'chaos',
          include: chaos,
          globalSetup: ['test/setup/environments.ts'],
          ...withLongWork,
          maxWorkers: 2, // most of its time a cycle waits for who was killed
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'traffic',
          include: traffic,
          globalSetup: ['test/setup/environments.ts'],
          ...withLongWork,
          testTimeout: 900_000,
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: 'wiring',
          include: wiring,
          globalSetup: ['test/setup/environments.ts'],
          ...withLongWork,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'cluster',
          include: cluster,
          exclude: rollouts,
          globalSetup: ['test/setup/environments.ts', 'test/setup/kubernetes.ts'],
          ...withLongWork,
          maxWorkers: 2,
          sequence: { groupOrder: 5 },
        },
      },
      {
        test: {
          name: 'rollouts',
          include: rollouts,
          globalSetup: ['test/setup/environments.ts', 'test/setup/kubernetes.ts'],
          ...withLongWork,
          maxWorkers: 2,
          sequence: { groupOrder: 6 },
        },
      },
      {
        test: {
          name: 'minio',
          include: ['test/adapters/s3/**/*.test.ts'],
          exclude: ['test/adapters/s3/s3-faults.test.ts'], // which has a server of its own
          globalSetup: ['test/setup/minio.ts'],
          ...withServers,
          maxWorkers: 2,
          sequence: { groupOrder: 7 },
        },
      },
    ],
  },
});
