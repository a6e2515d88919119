import { describe, expect, it } from 'vitest';
import { load, shortProblems } from './testing-registry.ts';

function errors(text: string): string[] {
  return shortProblems(load(text).problems.filter(({ severity }) => severity === 'error'));
}
const network = (parameters: string) =>
  `- rule: r\n  match: {rules: [x]}\n  actions: [{action: n, actionner: kubernetes:networkpolicy, parameters: ${parameters}}]`;

describe("an actionner's own check", () => {
  it('is heard beside a mistake in another key', () => {
    expect(errors(network('{allow_cidr: [all], allow_cdir: [10.0.0.0/8], sope: pod}'))).toEqual([
      expect.stringContaining('"all" is not a CIDR (r.actions[0].parameters.allow_cidr[0])'),
      expect.stringContaining('unknown key "allow_cdir"'),
      expect.stringContaining('unknown key "sope"'),
    ]);
  });

  it('is not asked about a key that has a mistake itself', () => {
    expect(errors(network('{allow_cidr: [[], all]}'))).toEqual([expect.stringContaining('must be a text, not a list')]);
  });

  it('says nothing about all parameters when one of them has a mistake', () => {
    expect(errors(network('{allow_cidr: [throw], sope: pod}'))).toEqual([expect.stringContaining('"sope"')]);
  });

  it('is heard about a shared action that no rule uses', () => {
    const shared = '- action: n\n  actionner: kubernetes:networkpolicy\n  parameters: {allow_cidr: [all]}\n';
    expect(errors(shared)).toEqual(['1.yaml:3:29 error "all" is not a CIDR (n.parameters.allow_cidr[0])']);
  });

  it('is asked once about a shared action, however many rules use it', () => {
    const shared = '- action: n\n  actionner: kubernetes:networkpolicy\n  parameters: {allow_cidr: [all]}\n';
    const rules = ['a', 'b'].map((name) => `- rule: ${name}\n  match: {rules: [${name}]}\n  actions: [{action: n}]\n`);
    expect(errors(shared + rules.join(''))).toHaveLength(1);
  });
});

describe("an output's own check", () => {
  const log = (parameters: string) => `actionner: kubernetes:log, output: {target: aws:s3, parameters: ${parameters}}}`;

  it('is heard beside a mistake in another key, and about a shared action', () => {
    expect(errors(`- {action: l, ${log('{bucket: Evidence, prefiks: x}')}`)).toEqual([
      expect.stringContaining('must be in lower case (l.output.parameters.bucket)'),
      expect.stringContaining('unknown key "prefiks"; did you mean prefix?'),
    ]);
    expect(
      errors(`- rule: r\n  match: {rules: [x]}\n  actions: [{action: l, ${log('{bucket: Evidence, prefiks: x}')}]`),
    ).toHaveLength(2);
  });

  it('leaves to the rules what a shared action lacks', () => {
    expect(errors(`- {action: l, ${log('{prefix: x}')}`)).toEqual([]);
  });
});
