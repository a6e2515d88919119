import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tools/testing-longest-first.ts';

// Sources, not dist: every workspace package exposes ./src under this condition.
const conditions = ['@falco-talon/source'];

/** Specs without a process, a handle or a memory of their own to look at: they share what they have loaded. */
const together = ['packages/{core,fake-kubernetes}/src/**/*.spec.ts', 'packages/engine/src/!(deliver)/**/*.spec.ts'];

export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    // Machines that run this are busy; a limit is there to end a test that hangs, not to measure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // By default one core is left out, which on two cores is half of them.
    maxWorkers: '100%',
    // Beside another file, and each may start programs.
    maxConcurrency: 2,
    sequence: { sequencer: LongestFirst },
    // Programs that specs start from sources need not strip and compile the same files hundreds of times.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'falco-talon') },
    reporters: [process.env['CI'] ? 'dot' : 'default', './tools/count-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'apart',
          include: ['{packages,apps,examples}/*/src/**/*.spec.ts', 'tools/**/*.spec.ts'],
          exclude: [...together, '**/node_modules/**'],
        },
      },
      { extends: true, test: { name: 'together', include: together, isolate: false } },
    ],
  },
});
