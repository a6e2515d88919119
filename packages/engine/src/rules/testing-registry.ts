import {
  defineActionner,
  defineContext,
  defineNotifier,
  defineOutput,
  definePlugin,
  oneOf,
  strictObject,
  Type,
} from '@falco-talon/core';
import { buildRegistry } from '../registry/registry.ts';
import { loadRules } from './load-rules.ts';
import type { Problem, RuleSet } from './rule.ts';

const rest = {
  description: 'For specs.',
  stability: 'alpha',
  idempotent: true,
  permissions: [],
  target: () => undefined,
  run: async () => ({ status: 'success', message: '' }) as const,
} as const;
const example = { description: 'For specs.' };

const label = defineActionner({
  ...rest,
  name: 'label',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'none',
  parameters: strictObject({
    labels: Type.Record(Type.String(), Type.String(), { minProperties: 1, description: 'labels to set' }),
    level: oneOf(['pod', 'node'], { default: 'pod' }),
  }),
  examples: [{ ...example, parameters: { labels: { a: 'b' }, level: 'pod' } }],
});
const terminate = defineActionner({
  ...rest,
  name: 'terminate',
  sources: ['syscall'],
  requiredFields: ['k8s.pod.name', 'k8s.ns.name'],
  continue: false,
  output: 'none',
  parameters: strictObject({
    grace_period_seconds: Type.Optional(Type.Integer({ minimum: 0 })),
    ignore_daemonsets: Type.Boolean({ default: false }),
  }),
  examples: [{ ...example, parameters: { ignore_daemonsets: false } }],
});
const log = defineActionner({
  ...rest,
  name: 'log',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'allowed',
  parameters: strictObject({ tail_lines: Type.Integer({ default: 20, minimum: 0 }) }),
  examples: [{ ...example, parameters: { tail_lines: 20 } }],
});
const download = defineActionner({
  ...rest,
  name: 'download',
  sources: ['syscall'],
  continue: true,
  output: 'required',
  parameters: strictObject({ file: Type.String({ minLength: 1, description: 'path in the container' }) }),
  examples: [{ ...example, parameters: { file: '/etc/passwd' } }],
});
const exec = defineActionner({
  ...rest,
  name: 'exec',
  sources: 'any',
  continue: true,
  output: 'none',
  parameters: strictObject({ command: Type.String(), shell: Type.String({ default: '/bin/sh' }) }),
  examples: [{ ...example, parameters: { command: 'id', shell: '/bin/sh' } }],
});
const networkpolicy = defineActionner({
  ...rest,
  name: 'networkpolicy',
  sources: ['syscall'],
  continue: true,
  output: 'none',
  parameters: strictObject({ allow_cidr: Type.Array(Type.String(), { default: [] }) }),
  examples: [{ ...example, parameters: { allow_cidr: [] } }],
  validate({ allow_cidr }) {
    if (allow_cidr.includes('throw')) throw new Error('broken plugin');
    return allow_cidr.flatMap((cidr, index) =>
      cidr.includes('/') ? [] : [{ path: ['allow_cidr', index], message: `${JSON.stringify(cidr)} is not a CIDR` }],
    );
  },
});

const store = async () => ({ message: '', objects: {} });
const s3 = defineOutput({
  name: 's3',
  description: 'For specs.',
  parameters: strictObject({ bucket: Type.String({ minLength: 1 }), prefix: Type.String({ default: '' }) }),
  permissions: [],
  examples: [{ ...example, parameters: { bucket: 'evidence', prefix: '' } }],
  validate: ({ bucket }) =>
    bucket === bucket.toLowerCase() ? [] : [{ path: ['bucket'], message: 'must be in lower case' }],
  store,
});
const file = defineOutput({
  name: 'file',
  description: 'For specs.',
  parameters: strictObject({ destination: Type.String({ minLength: 1, description: 'a folder' }) }),
  permissions: [],
  examples: [{ ...example, parameters: { destination: '/tmp' } }],
  store,
});

/** A small world of parts, shaped like the shipped ones. */
export const testingRegistry = buildRegistry([
  definePlugin({
    name: 'testing-kubernetes',
    category: 'kubernetes',
    actionners: [label, terminate, log, download, exec, networkpolicy],
    contexts: [
      defineContext({ name: 'k8snode', description: '', elements: {}, permissions: [], fetch: async () => ({}) }),
      defineContext({ name: 'aws', description: '', elements: {}, permissions: [], fetch: async () => ({}) }),
    ],
    notifiers: ['slack', 'webhook'].map((name) =>
      defineNotifier({ name, description: '', settings: strictObject({}), notify: async () => {} }),
    ),
  }),
  definePlugin({ name: 'testing-aws', category: 'aws', outputs: [s3] }),
  definePlugin({ name: 'testing-local', category: 'local', outputs: [file] }),
]);

/** Loads texts as files called `1.yaml`, `2.yaml`, … */
export function load(...texts: readonly string[]) {
  return loadRules(
    texts.map((text, index) => ({ path: `${index + 1}.yaml`, text })),
    testingRegistry,
  );
}

/** The rules of texts that have no error. */
export function rulesOf(...texts: readonly string[]): RuleSet {
  const { ruleSet, problems } = load(...texts);
  if (!ruleSet) throw new Error(shortProblems(problems).join('\n'));
  return ruleSet;
}

/** `1.yaml:2:3 error message (path)` */
export function shortProblems(problems: readonly Problem[]): string[] {
  return problems.map(
    ({ file, line, column, severity, message, path }) => `${file}:${line}:${column} ${severity} ${message} (${path})`,
  );
}
