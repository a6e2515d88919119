import { node, pod, type ReceivedRequest } from '@falco-talon/fake-kubernetes';
import type { OutcomeRecord } from '@falco-talon/core';
import { startTestEngine, type TestEngine } from '@falco-talon/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startCluster, type TestCluster } from '../spec/cluster.ts';
import plugin from './index.ts';

/** One action of each kind, and the request with which it acts. */
const ACTIONS = [
  { name: 'label', parameters: '{ labels: { suspicious: true } }', acts: 'patch pods' },
  { name: 'label', parameters: '{ labels: { suspicious: true }, level: node }', acts: 'patch nodes' },
  { name: 'annotation', parameters: '{ annotations: { note: suspicious } }', acts: 'patch pods' },
  { name: 'cordon', parameters: '{}', acts: 'patch nodes' },
  { name: 'drain', parameters: '{ max_wait_period: 0 }', acts: 'patch nodes' },
  { name: 'networkpolicy', parameters: '{}', acts: 'patch networkpolicies' },
  { name: 'networkpolicy', parameters: '{ scope: workload }', acts: 'patch networkpolicies' },
  { name: 'log', parameters: '{}', acts: 'get pods/log' },
  { name: 'terminate', parameters: '{}', acts: 'delete pods' },
  { name: 'terminate', parameters: '{ ignore_daemonsets: true }', acts: 'delete pods' },
  { name: 'delete', parameters: '{}', acts: 'delete pods' },
] as const;
type Action = (typeof ACTIONS)[number];

const writing = ACTIONS.filter(({ acts }) => !acts.startsWith('get'));
const ending = ACTIONS.filter(({ acts }) => acts === 'delete pods');
const named = (actions: readonly Action[]) =>
  actions.map((action) => [`${action.name} ${action.parameters}`, action] as const);
const KINDS = ['gone', 'forbidden', 'conflict', 'lost', 'done', 'vanished', 'reset', 'replaced'] as const;
type Kind = (typeof KINDS)[number];

/** A namespace and a node of its own for each case: its requests are told by that name. */
const caseName = (action: Action, kind: Kind) => `${kind}-${ACTIONS.indexOf(action)}`;
const rules = ACTIONS.flatMap((action) =>
  KINDS.map((kind) => {
    const rule = caseName(action, kind);
    const { name, parameters } = action;
    return `- rule: ${rule}\n  match: { rules: [${rule}] }\n  actions: [{ action: act, actionner: "kubernetes:${name}", parameters: ${parameters} }]\n`;
  }),
).join('');

let cluster: TestCluster;
let engine: TestEngine;
beforeAll(async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0); // the backoff has full jitter: no waiting
  cluster = await startCluster({ terminationDelay: Infinity });
  engine = await startTestEngine({ plugins: [plugin], rules, clients: cluster.settings });
});
afterAll(async () => {
  vi.restoreAllMocks();
  await engine.close();
  await cluster.close();
});

interface Case {
  readonly name: string;
  readonly isOfIt: (request: ReceivedRequest) => boolean;
  readonly acts: (request: ReceivedRequest) => boolean;
  readonly requests: () => readonly ReceivedRequest[];
  /** Sends the alert, and gives the record of its end. */
  readonly respond: () => Promise<OutcomeRecord>;
}

function prepare(action: Action, kind: Kind): Case {
  const name = caseName(action, kind);
  const labels = { app: name };
  if (kind !== 'gone') {
    cluster.api.create(node({ name }), pod({ name: 'cart', namespace: name, node: name, labels, uid: `${name}-1` }));
  }
  const isOfIt = ({ path, query }: ReceivedRequest) =>
    [...path.split('/'), ...Object.values(query)].some((part) => part === name || part.endsWith(`=${name}`));
  const [verb = '', what = ''] = action.acts.split(' ');
  const acts = (request: ReceivedRequest) =>
    isOfIt(request) &&
    request.verb === verb &&
    [request.resource, request.subresource].filter(Boolean).join('/') === what;
  return {
    name,
    isOfIt,
    acts,
    requests: () => cluster.api.requests.filter(isOfIt),
    respond: async () => {
      const audited = { 'ka.target.resource': 'pods', 'ka.target.name': 'cart', 'ka.target.namespace': name };
      const source = action.name === 'delete' ? 'k8s_audit' : 'syscall';
      const fields = source === 'k8s_audit' ? audited : { 'k8s.pod.name': 'cart', 'k8s.ns.name': name };
      await engine.post({ rule: name, source, output: name, output_fields: fields });
      const find = () => engine.records.find(({ rule, stage }) => rule === name && stage === 'action');
      await engine.until(() => find() !== undefined);
      return find()!;
    },
  };
}

const texts = (requests: readonly ReceivedRequest[]) =>
  requests.map(({ verb, resource, subresource }) => [verb, resource, subresource].join(' '));

describe.concurrent('a target that is gone', () => {
  it.each(named(ACTIONS))('is one failure, and no loop: %s', async (_, action) => {
    const { respond, requests } = prepare(action, 'gone');
    const record = await respond();
    expect(record.status).toBe('failure');
    expect(record.error).toMatch(/not found/);
    const asked = texts(requests());
    expect(new Set(asked).size).toBe(asked.length);
  });
});

describe.concurrent('a right that is missing', () => {
  it.each(named(ACTIONS))('is one failure that names it: %s', async (_, action) => {
    const { respond, requests, acts } = prepare(action, 'forbidden');
    cluster.api.fault({ kind: 'status', status: 403, reason: 'Forbidden', match: acts });
    const record = await respond();
    expect(record.status).toBe('failure');
    expect(record.error).toContain(`not allowed to ${action.acts}`);
    expect(requests().filter(acts)).toHaveLength(1);
  });
});

describe.concurrent('a conflict', () => {
  it.each(named(writing))(
    'is looked into and tried again, five times at most: %s',
    async (_, action) => {
      const { respond, requests, acts } = prepare(action, 'conflict');
      cluster.api.fault({ kind: 'status', status: 409, reason: 'Conflict', match: acts });
      const record = await respond();
      expect(record.status).toBe('failure');
      expect(requests().filter(acts)).toHaveLength(5);
    },
    30_000,
  );
});

describe.concurrent('an answer that got lost', () => {
  it.each(named(writing))(
    'is looked for before anything is repeated: %s',
    async (_, action) => {
      const { respond, requests, acts } = prepare(action, 'lost');
      cluster.api.fault({ kind: 'lost-answer', match: acts, times: 1 });
      expect((await respond()).status).toBe('success');
      const all = requests();
      const [first, second] = all.flatMap((request, index) => (acts(request) ? [index] : []));
      const reads = all.slice((first ?? 0) + 1, second).filter(({ method }) => method === 'GET');
      expect(reads).not.toHaveLength(0);
    },
    30_000,
  );
});

describe.concurrent('a deletion', () => {
  it.each(named(ending))('whose answer got lost is not sent twice: %s', async (_, action) => {
    const { name, respond, requests, acts } = prepare(action, 'done');
    cluster.api.fault({ kind: 'lost-answer', match: acts, times: 1 });
    expect(await respond()).toMatchObject({ status: 'success', result: 'done by an earlier attempt' });
    expect(requests().filter(acts)).toHaveLength(1);
    expect(cluster.api.get('pods', name, 'cart')?.metadata.deletionTimestamp).toBeDefined();
  });

  it.each(named(ending))('of a pod that went after the look is one failure: %s', async (_, action) => {
    const { respond, requests, acts, isOfIt } = prepare(action, 'vanished');
    const look = (request: ReceivedRequest) => isOfIt(request) && request.verb === 'get';
    cluster.api.fault({ kind: 'vanish', match: look, times: 1 });
    const record = await respond();
    expect(record.status).toBe('failure');
    expect(record.error).toContain('not found');
    expect(requests().filter(acts)).toHaveLength(1);
  });
});

describe.concurrent('a request that got lost', () => {
  it.each(named(writing))(
    'is sent again after a look: %s',
    async (_, action) => {
      const { respond, requests, acts } = prepare(action, 'reset');
      cluster.api.fault({ kind: 'reset', match: acts, times: 1 });
      expect((await respond()).status).toBe('success');
      const verbs = requests().map((request) => (acts(request) ? 'acts' : request.verb));
      const first = verbs.indexOf('acts');
      const between = verbs.slice(first + 1, verbs.lastIndexOf('acts'));
      expect(between.filter((verb) => verb === 'get' || verb === 'list')).not.toHaveLength(0);
      expect(verbs.filter((verb) => verb === 'acts')).toHaveLength(2);
    },
    30_000,
  );

  it.each(named(ending))('never hits the pod that was made under the name meanwhile: %s', async (_, action) => {
    const { name, respond, requests, acts } = prepare(action, 'replaced');
    let struck = 0;
    const replaces = (request: ReceivedRequest): boolean => {
      if (!acts(request) || ++struck > 1) return false;
      cluster.api.remove('pods', name, 'cart');
      cluster.api.create(pod({ name: 'cart', namespace: name, node: name, uid: `${name}-2` }));
      return true;
    };
    cluster.api.fault({ kind: 'reset', match: replaces });
    await respond();
    expect(requests().filter(acts)).toHaveLength(1);
    expect(cluster.api.get('pods', name, 'cart')?.metadata.deletionTimestamp).toBeUndefined();
  });
});
