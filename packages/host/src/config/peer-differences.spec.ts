import { describe, expect, it } from 'vitest';
import { run } from '../cli/testing-program.ts';
import { CONFIG_DIFFERENCES } from './peer-differences.ts';

const RULES =
  '- rule: R\n  match: { rules: [R] }\n  actions: [{ action: A, actionner: "test:note", parameters: { text: a } }]\n';
const NONE = 'nothing in the rules and the config acts otherwise than in the Go engine';

/** A config that has the difference, and one that nearly has it. */
const CASES: Readonly<Record<string, { has: string; at: string; not: string }>> = {
  'rules-file': { has: 'rules_file: rules.yaml\n', at: '1:1', not: 'rules_files: [rules.yaml]\n' },
  'watch-rules': { has: 'watch_rules: "true"\n', at: '1:1', not: 'watch_rules: false\n' },
  'leader-election': {
    has: 'deduplication:\n  leader_election: true\n',
    at: '2:3',
    not: 'deduplication:\n  leader_election: false\n',
  },
  'no-window': {
    has: 'deduplication: { time_window_seconds: 0 }\n',
    at: '1:18',
    not: 'deduplication: { time_window_seconds: 5 }\n',
  },
  otel: { has: 'otel: { traces_enabled: true }\n', at: '1:1', not: 'otel: { traces_enabled: false, timeout: 10 }\n' },
  'log-color': { has: 'log_format: color\n', at: '1:1', not: 'log_format: json\n' },
  'notifier-case': {
    has: 'notifiers: { bell: { tone: a } }\ndefault_notifiers: [Bell]\n',
    at: '2:1',
    not: 'notifiers: { bell: { tone: a } }\ndefault_notifiers: [bell]\n',
  },
};

async function check(config: string) {
  const files = { 'config.yaml': config, 'rules.yaml': RULES };
  const rules = config.startsWith('rules_file') ? [] : ['-r', 'rules.yaml'];
  return run(['check', '--peer', ...rules], files);
}

describe('a config made for the Go engine', () => {
  it.each(Object.entries(CASES))('%s is told where it is, and only there', async (id, { has, at, not }) => {
    const { there, here } = CONFIG_DIFFERENCES.find((difference) => difference.id === id)!;
    const told = await check(has);
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).toContain(`config.yaml:${at}: differs: in the Go engine, ${there}; here ${here} (`);
    const other = await check(not);
    expect(other).toMatchObject({ code: 0, stderr: '' });
    expect(other.stdout).toContain(NONE);
  });

  it('is told by its place when its keys are those of the first releases', async () => {
    const told = await check(
      'watchRules: true\nDeduplication: { leaderElection: true }\nOtel: { tracesEnabled: true }\n',
    );
    expect(told).toMatchObject({ code: 0, stderr: '' });
    for (const place of ['1:1', '2:18', '3:1']) expect(told.stdout).toContain(`config.yaml:${place}: differs:`);
  });

  // Where files are takes a program that starts elsewhere: see the specs of the whole program.
  it('has every difference in this table', () => {
    expect([...Object.keys(CASES), 'relative-path']).toEqual(CONFIG_DIFFERENCES.map(({ id }) => id));
  });
});
