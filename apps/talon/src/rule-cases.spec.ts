import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runTalon } from '@falco-talon/host';
import { beforeAll, describe, expect, it } from 'vitest';
import { plugins } from './plugins.ts';

interface Report {
  readonly files: readonly {
    readonly file: string;
    readonly tests: readonly { readonly test: string; readonly differences: unknown }[];
  }[];
  readonly coverage: { readonly unmatched: unknown; readonly idle: unknown };
}

/** What docs/rules.md says of rules, sentence by sentence, as tests that users could have written. */
describe('the cases of rule-cases/', () => {
  let report: Report;
  let errors: string;
  beforeAll(async () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const printed = Promise.all([text(stdout), text(stderr)]);
    const workingDirectory = join(import.meta.dirname, '../rule-cases');
    await runTalon({
      plugins,
      name: 'falco-talon',
      version: '0.0.0',
      directory: import.meta.dirname,
      argv: ['rules', 'test', '.', '--coverage', '--output', 'json'],
      context: { environment: {}, workingDirectory, homeDirectory: workingDirectory, stdout, stderr },
    });
    stdout.end();
    stderr.end();
    const [output, told] = await printed;
    report = JSON.parse(output) as Report;
    errors = told;
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
