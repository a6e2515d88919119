import { describe, expect, it } from 'vitest';
import type { ConditionProblem } from './expression.ts';
import { parseCondition } from './parse-condition.ts';
import { printCondition } from './print-condition.ts';
import { resolveCondition, type Definitions } from './resolve-condition.ts';
import { resolved } from './testing-condition.ts';
import { createRandom, mutate, pick, type Random } from './testing-mutations.ts';

/** `npm run bench -- mutations` tries 100,000 of them, `CONDITION_MUTATIONS=5000000 vitest run mutated-inputs` even more. */
const ROUNDS = Number(process.env['CONDITION_MUTATIONS'] ?? 20_000);

const SEEDS = [
  'proc.name = bash and not k8s.ns.name in (kube-system, "falco", shells)',
  'priority >= Warning and (tags intersects (shell, mitre_execution) or rule = "Terminal shell in container")',
  String.raw`proc.cmdline regex ".*\\s(nc|ncat)\\s.*" or proc.exepath startswith anyof (/tmp, '/dev/shm')`,
  'evt.time > 1731945600482812345 and fd.rport != 443 and not (fd.rport < 0x400 or len(proc.args) >= 1e+3)',
  'spawned and k8s.ns.label[a-b/c] exists and output_fields["a b"] glob *.[!a-z]?',
  "not(tolower(basename(proc.aname[2]))icontains 'x\\'y')and source=k8saudit",
  'user.name = val(proc.pname) or hostname iglob "NODE-*" and output contains \'\u00e9\ud83d\ude00\'',
];
const PIECES = [
  ...Array.from('()"\'\\,[]=!<> \n\0\u00a0\ud800{*#'),
  ...' and | or |not | in | exists|val(|len(|oneof |a.b|pmatch(|\\x4|\\q|1e|.*|rule'.split('|'),
];
const DEFINITIONS: Definitions = {
  macroNames: new Set(['spawned']),
  listNames: new Set(['shells']),
  complete: true,
  macro: () => ({
    expression: resolved('evt.type = execve or evt.type = clone'),
    comparisons: 2,
    values: 2,
    height: 2,
  }),
  list: () => ['bash', 'sh', 'and'],
};

/** Most of them in one place; now and then with the end of another. */
function mutateInput(text: string, random: Random): string {
  return random(5) === 0
    ? text.slice(0, random(text.length + 1)) + pick(SEEDS, random).slice(random(60))
    : mutate(text, PIECES, random);
}

describe(`${ROUNDS} mutated conditions`, () => {
  it(
    'are read or refused: every mistake has a place, everything read can be printed and read again',
    { timeout: Math.max(60_000, ROUNDS) },
    () => {
      const random = createRandom();
      let read = 0;
      for (let round = 0; round < ROUNDS; round++) {
        let text = pick(SEEDS, random);
        for (let times = 1 + random(4); times > 0; times--) text = mutateInput(text, random);
        const { expression, problems } = parseCondition(text);
        const found: ConditionProblem[] = [...problems];
        const result = expression && resolveCondition(expression, DEFINITIONS, (problem) => found.push(problem));
        for (const { offset, message } of found) {
          if (!(offset >= 0 && offset <= text.length && message !== ''))
            throw new Error(`${message} at ${offset}: ${text}`);
        }
        if (!result) {
          if (found.length === 0) throw new Error(`refused without a reason: ${text}`);
          continue;
        }
        read++;
        // Reading again is the slower half, and each is much like the one before.
        if (round % 10 !== 0) continue;
        const printed = printCondition(result.expression);
        if (printCondition(resolved(printed)) !== printed) throw new Error(`${text} is printed as ${printed}`);
      }
      expect(read).toBeGreaterThan(ROUNDS / 50);
    },
  );
});
