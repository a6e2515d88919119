import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Rule } from '../access/users.ts';
import { serviceAccount } from '../access/users.ts';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { JsonObject } from '../json.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { pod } from '../workloads/pod.ts';
import type { Client } from './client.ts';
import { client } from './client.ts';
import type { ExecExchange } from './testing-exec.ts';
import { converse, execExchanges } from './testing-exec.ts';

const may = (...verbs: string[]): Rule[] => [{ resources: ['pods/exec'], verbs }];
const USERS = [
  serviceAccount('shop', 'restricted'),
  serviceAccount('shop', 'gets', may('get')),
  serviceAccount('shop', 'creates', may('create')),
  serviceAccount('shop', 'execs', may('get', 'create')),
];

function withEphemeralContainers() {
  const solo = pod({ name: 'solo', namespace: 'shop' });
  (solo.spec as JsonObject)['ephemeralContainers'] = [{ name: 'dbg1' }, { name: 'dbgpull' }];
  (solo.status as JsonObject)['ephemeralContainerStatuses'] = [
    { name: 'dbg1', state: { terminated: { exitCode: 3 } } },
    { name: 'dbgpull', state: { waiting: { reason: 'ErrImageNeverPull' } } },
  ];
  return solo;
}

let fake: FakeKubernetes;
let api: Client;
beforeAll(async () => {
  fake = await startFakeKubernetes({
    objects: [
      withEphemeralContainers(),
      pod({ name: 'done', namespace: 'shop', phase: 'Succeeded' }),
      pod({ name: 'unsched', namespace: 'shop', node: '', containers: ['app'] }),
    ],
    users: USERS,
  });
  api = client(fake);
});
afterAll(async () => {
  api.close();
  await fake.close();
});

function tokenOf({ as }: ExecExchange): string {
  if (as === 'a stranger') return 'unknown';
  return fake.tokenOf(as === undefined ? undefined : `system:serviceaccount:shop:${as}`);
}

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

async function expectRefused(exchange: ExecExchange): Promise<void> {
  const [method = '', path = ''] = exchange.request.split(' ');
  const answer = await api.call(method, path, {
    token: tokenOf(exchange),
    headers: {
      ...(exchange.upgrade === false ? {} : UPGRADE),
      ...(exchange.protocols === undefined ? {} : { 'sec-websocket-protocol': exchange.protocols }),
    },
  });
  const { status, headers, body, text } = answer;
  expectAs(exchange, { status, type: headers['content-type'], connection: headers.connection, body, text });
}

/** Compares what the recording says. */
function expectAs(exchange: ExecExchange, had: Readonly<Record<string, unknown>>): void {
  const said = Object.entries(had).filter(([key]) => Object.hasOwn(exchange, key));
  expect(Object.fromEntries(said)).toEqual(
    Object.fromEntries(said.map(([key]) => [key, exchange[key as keyof ExecExchange]])),
  );
}

const withoutId = (status: JsonObject | undefined): unknown =>
  status && JSON.parse(JSON.stringify(status).replaceAll(/[0-9a-f]{64}/g, '<id>'));

async function expectRun(exchange: ExecExchange): Promise<void> {
  const had = await converse(fake, exchange, tokenOf(exchange));
  const { stdout, stderr } = had;
  const { end: _, ...rest } = had;
  expectAs(exchange, { ...rest, stdoutBytes: stdout.length, stdout: stdout.toString(), stderr: stderr.toString() });
  expect(had.first).toBe('01');
  expect(withoutId(had.end)).toEqual(exchange.end);
  expect(had.pong).toBe(exchange.ping === true);
}

describe('runs commands as recorded', () => {
  const named = execExchanges().map((exchange) => [exchange.recording, exchange] as const);
  it.each(named)('%s', async (_, exchange) => {
    await (exchange.status === 101 ? expectRun(exchange) : expectRefused(exchange));
  });

  it('the command whose client left saw the end of its input, and went on', async () => {
    const noted = join(fake.containerFolder('shop', 'solo', 'main'), 'eof');
    await vi.waitUntil(() => existsSync(noted), { timeout: 10_000 });
    expect(await readFile(noted, 'utf8')).toBe('EOF-SEEN\n');
  });

  it('a kubelet that is down', async () => {
    fake.setNodeAnswers('node-1', false);
    await expectRefused({
      recording: 'exec-kubelet-down',
      request: 'GET /api/v1/namespaces/shop/pods/solo/exec?command=true&container=main&stdout=true',
      protocols: 'v5.channel.k8s.io',
      status: 500,
      type: 'application/json',
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'error dialing backend: dial tcp 10.99.0.1:10250: connect: connection refused',
        code: 500,
      },
    });
    fake.setNodeAnswers('node-1', true);
  });
});
