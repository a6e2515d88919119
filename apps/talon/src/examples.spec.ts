import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildRegistry,
  compileMatcher,
  decodeAlert,
  explainEvent,
  formatProblem,
  loadRules,
} from '@falco-talon/engine';
import { describe, expect, it } from 'vitest';
import { plugins } from './plugins.ts';
import { runIn } from './testing-run.ts';

const repository = join(import.meta.dirname, '../../..');
const registry = buildRegistry((await plugins()).map((module) => module.default));

async function read(file: string): Promise<string> {
  return readFile(join(repository, file), 'utf8');
}

function load(file: string, text: string) {
  const { ruleSet, problems } = loadRules([{ path: file, text }], registry);
  return { ruleSet, problems: problems.map((problem) => formatProblem(problem)) };
}

describe('what users copy', () => {
  it('examples/rules.yaml is valid, without a warning', async () => {
    expect(load('rules.yaml', await read('examples/rules.yaml'))).toMatchObject({
      problems: [],
      ruleSet: { rules: { length: 6 } },
    });
  });

  it('examples/rules_test.yaml tests every rule and every action of examples/rules.yaml', async () => {
    const argv = ['rules', 'test', 'examples', '--coverage-min', '100'];
    const { code, output, errors } = await runIn(repository, argv);
    expect(errors).toBe('');
    expect(output).toMatch(/^8 tests: 8 passed$/m);
    expect(code).toBe(0);
  });

  it('examples/alert.json comes to what the rules say', async () => {
    const { ruleSet } = load('rules.yaml', await read('examples/rules.yaml'));
    const event = decodeAlert(Buffer.from(await read('examples/alert.json')), { id: 'e', traceId: 't', receivedAt: 0 });
    const { plan } = explainEvent(event, {
      matcher: compileMatcher(ruleSet!),
      registry,
      options: { observe: false, defaultNotifiers: [], ruleSetVersion: '' },
    });
    expect(plan.map(({ rule, actionner, parameters }) => [rule, actionner, parameters])).toEqual([
      ['A shell in a container', 'kubernetes:label', { labels: { 'analysis/status': 'suspicious' }, level: 'pod' }],
      ['A shell in a container', 'kubernetes:log', { tail_lines: 1000 }],
      [
        'A shell in a container',
        'kubernetes:terminate',
        {
          grace_period_seconds: 5,
          ignore_daemonsets: true,
          ignore_statefulsets: true,
          ignore_standalone_pods: false,
          min_healthy_replicas: '33%',
        },
      ],
    ]);
  });
});
