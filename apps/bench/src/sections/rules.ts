import { monitorEventLoopDelay } from 'node:perf_hooks';
import { compileMatcher, decodeAlert, explainEvent, judgeRules, loadRules } from '@falco-talon/engine';
import { alertText } from '@falco-talon/testkit/server';
import { CRITERIA, registry, rulesText } from '../many-rules.ts';
import type { Section } from '../measurement.ts';

const RULES = 10_000;

/** Loading, judging beside events, and explaining ten thousand rules; a file that is made to exhaust the reader. */
export const rules: Section = {
  name: 'rules',
  async run() {
    const files = [{ path: 'rules.yaml', text: rulesText(RULES, CRITERIA) }];
    const bomb = [{ path: 'bomb.yaml', text: aliasBomb() }];
    loadRules([{ path: 'warm-up.yaml', text: rulesText(300, CRITERIA) }], registry);
    const loading = milliseconds(() => loadRules(files, registry));
    const refusing = milliseconds(() => loadRules(bomb, registry));
    if (refusing.result.ruleSet) throw new Error('the alias bomb was not refused');

    const pauses = monitorEventLoopDelay({ resolution: 1 });
    pauses.enable();
    const judged = await judgeRules(files, registry, new AbortController().signal);
    pauses.disable();
    const compiling = milliseconds(() => compileMatcher(judged.ruleSet!));
    const event = decodeAlert(Buffer.from(alertText('Rule 5', 'cart', 0)), { id: 'i', traceId: 't', receivedAt: 0 });
    const options = { observe: false, defaultNotifiers: [], ruleSetVersion: '' };
    const explaining = milliseconds(() => explainEvent(event, { matcher: compiling.result, registry, options }));
    return [
      { name: 'loading 10,000 rules', value: loading.took, unit: 'ms', limit: { kind: 'atMost', value: 5_000 } },
      {
        name: 'longest pause of the server while it loads 10,000 rules',
        value: pauses.max / 1e6,
        unit: 'ms',
        limit: { kind: 'atMost', value: 250 },
      },
      { name: 'compiling 10,000 rules', value: compiling.took, unit: 'ms', limit: { kind: 'atMost', value: 500 } },
      { name: 'refusing an alias bomb', value: refusing.took, unit: 'ms', limit: { kind: 'atMost', value: 50 } },
      {
        name: 'explaining one event by 10,000 rules',
        value: explaining.took,
        unit: 'ms',
        limit: { kind: 'atMost', value: 1_000 },
      },
    ];
  },
};

/** Nine lists, each of nine times the one before: a few lines that stand for 387 million values. */
function aliasBomb(): string {
  const lists = Array.from(
    { length: 9 },
    (_, n) =>
      `  l${n}: &l${n} [${Array(9)
        .fill(n === 0 ? 'x' : `*l${n - 1}`)
        .join(', ')}]`,
  );
  return `- action: bomb\n  parameters:\n${lists.map((line) => `  ${line}`).join('\n')}\n`;
}

function milliseconds<T>(call: () => T): { readonly took: number; readonly result: T } {
  const startedAt = performance.now();
  const result = call();
  return { took: performance.now() - startedAt, result };
}
