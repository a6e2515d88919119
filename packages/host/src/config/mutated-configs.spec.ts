import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { effectiveValues } from './effective-values.ts';
import { formatConfigProblem } from './origins.ts';
import { configJson, configYaml } from './print-config.ts';
import { directory, loaded } from './testing-config.ts';

afterAll(() => rmSync(directory, { recursive: true }));

const CONFIG = `listen_port: 2803
listenAddress: "::1"
rules_files: [a, b]
deduplication: &d { time_window_seconds: 5 }
intake:
  max_body_bytes: 100
notifiers:
  webhook:
    url: https://example.org
    custom_headers: { a: b, c: 1.10 }
cloud: { key: x, token_file: /y, headers: { a: b } }
aws: *d
`;
const PIECES = [
  ...Array.from('{}[]:,-&*!|>\'"%@`#?\t\n '),
  '<<: ',
  '__proto__: 1\n',
  ': ',
  '- ',
  '\u202e',
  '\u0000',
  '&a *a',
  '1e999',
  '_file: ',
];

it('mutated files are refused or loaded, never more, and every mistake has its place', async () => {
  const edit = fc.record({ at: fc.nat(CONFIG.length), cut: fc.nat(12), piece: fc.constantFrom('', ...PIECES) });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
      let text = CONFIG;
      for (const { at, cut, piece } of edits) text = text.slice(0, at) + piece + text.slice(at + cut);
      const { config, effective, problems, file } = await loaded(text);
      expect(problems.length > 0 || config !== undefined).toBe(true);
      const texts = problems.map((problem) => formatConfigProblem(problem).replace(file, 'config.yaml'));
      expect(texts.filter((one) => !/^config\.yaml:\d+:\d+: error: ./.test(one))).toEqual([]);
      const values = effective === undefined ? [] : effectiveValues(effective);
      expect(configYaml(values) + configJson(values)).not.toContain('\u202e');
      expect(({} as Record<string, unknown>)['time_window_seconds']).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});
