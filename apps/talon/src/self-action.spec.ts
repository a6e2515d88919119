import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from '@falco-talon/core';
import { namespace, node, pod, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { startTestEngine, type TestEngine } from '@falco-talon/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plugins } from './plugins.ts';

const OWN = 'talon';
const shipped: readonly Plugin[] = (await plugins()).map((module) => module.default);
const actionners = shipped.flatMap(({ category, actionners: parts = [] }) =>
  parts.map((part) => ({ name: `${category}:${part.name}`, part })),
);
const acting = actionners.filter(({ part }) => part.readOnly !== true);
/** With effects that go further than a label: not even the namespaces of the cluster take them. */
const strong = acting.filter(({ part }) => part.destructive === true || !part.idempotent);

const rules = acting.map(({ name, part }) => {
  const output =
    part.output === 'required' ? { target: 'local:file', parameters: { destination: '/nonexistent' } } : {};
  const action = { action: 'act', actionner: name, parameters: part.examples[0].parameters };
  const whole = part.output === 'required' ? { ...action, output } : action;
  return { rule: name, match: { rules: [name] }, actions: [whole] };
});

let folder: string;
let api: FakeKubernetes;
let engine: TestEngine;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'talon-self-action-'));
  api = await startFakeKubernetes({
    objects: [
      node({ name: 'node-1' }),
      ...[OWN, 'kube-system'].flatMap((name) => [namespace(name), pod({ name: 'falco-talon-0', namespace: name })]),
    ],
  });
  const kubeconfig = join(folder, 'kubeconfig');
  await api.writeKubeconfig(kubeconfig);
  // Whatever the lists say.
  const guards = { protected: { names: [], kinds: [] } };
  const clients = { kubernetes: { kubeconfig, namespace: OWN } };
  engine = await startTestEngine({ plugins: shipped, rules: JSON.stringify(rules), clients, guards });
});
afterAll(async () => {
  await engine.close();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

/** An alert that names this pod in every way there is. */
function alertAbout(rule: string, namespaceName: string, name: string, resource = 'pods') {
  const audited = { 'ka.target.resource': resource, 'ka.target.name': name, 'ka.target.namespace': namespaceName };
  const fields = {
    'k8s.ns.name': namespaceName,
    'k8s.pod.name': name,
    'fd.rip': '203.0.113.7',
    'fd.name': '/etc/passwd',
  };
  const source = rule.endsWith(':delete') ? 'k8s_audit' : 'syscall';
  return { rule, source, hostname: 'node-1', output_fields: source === 'syscall' ? fields : audited };
}

async function outcomeOf(alert: { readonly rule: string }) {
  api.clearRequests();
  const before = engine.records.length;
  await engine.post(alert);
  const record = (await engine.outcomes(before + 1))[before];
  return {
    record,
    requests: api.requests.length,
    writes: api.requests.filter(({ method }) => method !== 'GET').map(({ path }) => path),
  };
}

it('knows an actionner of each kind', () => {
  expect(acting.length).toBeGreaterThan(12);
  expect(strong.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['kubernetes:terminate', 'kubernetes:exec', 'kubernetes:delete', 'calico:networkpolicy']),
  );
});

it('the page about guard rails says what each may do', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../docs/guard-rails.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (reads only|ends nothing|cannot be repeated|destructive|) *\| (`.*`) *\|$/gm)];
  let effect = '';
  const told = rows.flatMap(([, named = '', names = '']) => {
    effect = named || effect;
    return names.split(' ').map((name) => `${name.replaceAll('`', '')}: ${effect}`);
  });
  const declared = actionners.map(({ name, part }) => {
    if (part.destructive === true) return `${name}: destructive`;
    if (part.readOnly === true) return `${name}: reads only`;
    return `${name}: ${part.idempotent ? 'ends nothing' : 'cannot be repeated'}`;
  });
  expect(told.toSorted()).toEqual(declared.toSorted());
});

it.each(acting.map(({ name }) => name))(
  '%s does nothing to Falco Talon itself, and asks nobody first',
  async (name) => {
    const { record, requests } = await outcomeOf(alertAbout(name, OWN, 'falco-talon-0'));
    expect(record).toMatchObject({
      status: 'ignored',
      result: `pod ${OWN}/falco-talon-0 was not touched: guard protected: Falco Talon never acts on itself: pod ${OWN}/falco-talon-0 is in its own namespace`,
    });
    expect(requests).toBe(0);
  },
);

it.each(strong.map(({ name }) => name))('%s does nothing in a namespace of the cluster', async (name) => {
  const { record, writes } = await outcomeOf(alertAbout(name, 'kube-system', 'falco-talon-0'));
  expect(record).toMatchObject({ status: 'ignored', result: expect.stringContaining('guard protected') as string });
  expect(writes).toEqual([]);
});

it.each([
  ['deployments', 'falco-talon'],
  ['leases', 'falco-talon'],
  ['configmaps', 'rules'],
  ['namespaces', OWN],
  ['namespaces', 'kube-system'],
])('kubernetes:delete spares the %s %s', async (resource, name) => {
  const { record, writes } = await outcomeOf(
    alertAbout('kubernetes:delete', name === 'kube-system' ? name : OWN, name, resource),
  );
  expect(record).toMatchObject({ status: 'ignored', result: expect.stringContaining('guard protected') as string });
  expect(writes).toEqual([]);
});

it.each(['talon/../talon', 'talon%2f', ' talon', 'TALON', 'talon\0', 'talоn'])(
  'an alert that spells its namespace %j hits nothing either',
  async (spelled) => {
    for (const { name } of strong) {
      const { record, writes } = await outcomeOf(alertAbout(name, spelled, 'falco-talon-0'));
      expect(record?.status, name).not.toBe('success');
      expect(writes, name).toEqual([]);
    }
  },
);
