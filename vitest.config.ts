import { defineConfig } from 'vitest/config';

// Sources, not dist: every workspace package exposes ./src under this condition.
const conditions = ['@falco-talon/source'];

export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    include: ['{packages,apps,examples}/*/src/**/*.spec.ts', 'tools/**/*.spec.ts'],
    // Machines that run this are busy; a limit is there to end a test that hangs, not to measure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // By default one core is left out, which on two cores is half of them.
    maxWorkers: '100%',
    reporters: [process.env['CI'] ? 'dot' : 'default', './tools/count-reporter.ts'],
  },
});
