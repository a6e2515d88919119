import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['@falco-talon/source'] } },
  test: {
    root: import.meta.dirname,
    include: ['src/**/*.e2e.ts'],
    // A limit is there to end a test that hangs: images may have to be pulled.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Each file has a namespace of its own; what they wait for is the cluster.
    maxWorkers: 3,
    // A drained node loses the pods of all files.
    fileParallelism: process.env['E2E_DRAIN'] !== '1',
    teardownTimeout: 60_000,
  },
});
