import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runIn } from './testing-run.ts';

interface Report {
  readonly files: readonly {
    readonly file: string;
    readonly tests: readonly { readonly test: string; readonly differences: unknown }[];
  }[];
  readonly coverage: { readonly unmatched: unknown; readonly idle: unknown };
}

const ARGV = ['rules', 'test', '.', '--coverage', '--output', 'json'];

/** What docs/rules.md says of rules, sentence by sentence, as tests that users could have written. */
describe('the cases of rule-cases/', () => {
  let report: Report;
  let errors: string;
  beforeAll(async () => {
    const ran = await runIn(join(import.meta.dirname, '../rule-cases'), ARGV);
    report = JSON.parse(ran.output) as Report;
    ({ errors } = ran);
  });

  it('are all as expected', () => {
    // Some cases are about what the loader warns of.
    expect(errors).not.toMatch(/: error: /);
    const failed = report.files.flatMap(({ file, tests }) =>
      tests.map(({ test, differences }) => ({ file, test, differences })),
    );
    expect(failed.filter(({ differences }) => JSON.stringify(differences) !== '[]')).toEqual([]);
    expect(failed.length).toBeGreaterThanOrEqual(200);
  });

  it('make every rule in them match', () => {
    expect(report.coverage.unmatched).toEqual([]);
  });
});
