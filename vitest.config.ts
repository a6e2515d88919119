import { defineConfig } from 'vitest/config';

// Sources, not dist: every workspace package exposes ./src under this condition.
const conditions = ['@falco-talon/source'];

export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    include: ['{packages,apps,examples}/*/src/**/*.spec.ts', 'tools/**/*.spec.ts'],
    reporters: [process.env['CI'] ? 'dot' : 'default', './tools/count-reporter.ts'],
  },
});
