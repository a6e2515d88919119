import { expect, it } from 'vitest';
import { hasColours, paintMarks, paintProblems, plain, type Paint } from './colour.ts';
import { collector, CONFIG, RULES, run } from './testing-program.ts';

const terminal = () => Object.assign(collector().stream, { isTTY: true });
const marked: Paint = (style, text) => (text === '' ? '' : `<${style}:${text}>`);

it('colours are for terminals that want them', () => {
  expect(hasColours(terminal(), {})).toBe(true);
  expect(hasColours(terminal(), { NO_COLOR: '' })).toBe(true);
  expect(hasColours(terminal(), { NO_COLOR: '1' })).toBe(false);
  expect(hasColours(terminal(), { TERM: 'dumb' })).toBe(false);
  expect(hasColours(collector().stream, {})).toBe(false);
  expect(hasColours(collector().stream, { FORCE_COLOR: '1', NO_COLOR: '1', TERM: 'dumb' })).toBe(true);
  expect(hasColours(terminal(), { FORCE_COLOR: '0' })).toBe(false);
});

it('paints what begins a line, and nothing the input says', () => {
  const text =
    'my rules.yaml:6:21: error: unknown key: error: x (a)\n  6 |   txt: 1\n    |   ^\nwarning: w\nplain: error';
  expect(paintProblems(text, marked)).toBe(
    [
      '<title:my rules.yaml:6:21: ><error:error>: unknown key: error: x (a)',
      '<aside:  6 | >  txt: 1',
      '<aside:    | >  <error:^>',
      '<warning:warning>: w',
      'plain: error',
    ].join('\n'),
  );
  expect(paintProblems(text, plain)).toBe(text);
  expect(paintMarks('  ✓ a ✗\n      ✗ b', marked)).toBe('  <good:✓> a ✗\n      <bad:✗> b');
});

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const COLOURS = /\u001b\[[0-9;]*m/g;

it.each([
  [['check'], { 'config.yaml': CONFIG, 'rules.yaml': RULES.replace('text:', 'txt:') }],
  [['explain', '--event', 'e'], { 'config.yaml': CONFIG, 'rules.yaml': RULES, e: '{"rule":"\\u001b[5m✓"}' }],
  [['help'], {}],
  [['check', '--help'], {}],
] as const)('%j says the same with and without colours', async (argv, files) => {
  const without = await run(argv, files);
  const coloured = await run(argv, files, { environment: { FORCE_COLOR: '1' } });
  expect(without.stdout + without.stderr).not.toContain('\u001b');
  expect(coloured.stdout + coloured.stderr).toMatch(COLOURS);
  const bare = (text: string) => text.replaceAll(COLOURS, '').replaceAll(/talon-cli-\w+/g, '');
  for (const stream of ['stdout', 'stderr'] as const) expect(bare(coloured[stream])).toBe(bare(without[stream]));
  expect(coloured.code).toBe(without.code);
});
