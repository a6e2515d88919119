import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Measurement, Section } from '../measurement.ts';

const ROUNDS = 100_000;
const ROOT = join(import.meta.dirname, '../../../..');
/** The specs that `npm test` runs with fewer inputs. */
const SPECS = [
  ['rules files', 'packages/engine/src/rules/mutated-files.spec.ts', 'RULES_MUTATIONS'],
  ['conditions', 'packages/engine/src/condition/mutated-inputs.spec.ts', 'CONDITION_MUTATIONS'],
] as const;

const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** What no input may do: crash, hang, grow the memory, or be refused without a place. */
export const mutations: Section = {
  name: 'mutations',
  run: async () =>
    SPECS.map(([what, spec, variable]): Measurement => {
      const { status, stdout } = spawnSync(process.execPath, [VITEST, 'run', spec], {
        cwd: ROOT,
        env: { ...process.env, [variable]: String(ROUNDS) },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (status !== 0) process.stdout.write(stdout);
      return {
        name: `mutated ${what} that are read or refused with a place`,
        value: status === 0 ? ROUNDS : 0,
        unit: 'inputs',
        limit: { kind: 'exactly', value: ROUNDS },
      };
    }),
};
