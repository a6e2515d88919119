import { containerId, pod } from '@falco-talon/fake-kubernetes';
import { auditEvent, runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { RESULT_BYTES } from './container-log.ts';
import { log } from './log.ts';

const POD = '/api/v1/namespaces/shop/pods';
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.close());
beforeEach(() => {
  cluster.api.clearFaults();
  for (const { metadata } of cluster.api.objects('pods', 'shop')) cluster.api.remove('pods', 'shop', metadata.name);
  cluster.api.create(
    pod({ name: 'cart-0', namespace: 'shop', uid: 'uid-1' }),
    pod({ name: 'duo', namespace: 'shop', uid: 'uid-2', containers: ['main', 'proxy'] }),
  );
  cluster.api.setPodLog('shop', 'cart-0', 'main', 'one\ntwo\nthree\n');
  cluster.api.setPodLog('shop', 'duo', 'main', 'main says\n');
  cluster.api.setPodLog('shop', 'duo', 'proxy', 'proxy says\n');
  cluster.api.clearRequests();
});

function run(name: string, parameters: Record<string, unknown> = {}, fields: Record<string, unknown> = {}, more = {}) {
  return runActionner(log, {
    event: alertAbout(name, fields),
    parameters,
    clients: { kubernetes: cluster.client },
    ...more,
  });
}
/** As Falco shows it: the first twelve digits. */
const shortId = (name: string, container: string) =>
  containerId('shop', name, container).replace('containerd://', '').slice(0, 12);

testActionner(log, {
  events: () => [
    alertAbout('cart-0', { 'container.id': shortId('cart-0', 'main') }),
    auditEvent({
      fields: { 'ka.target.resource': 'pods', 'ka.target.name': 'cart-0', 'ka.target.namespace': 'shop' },
    }),
  ],
  clients: () => ({ kubernetes: cluster.client }),
  prepare: () => cluster.api.clearRequests(),
  snapshot: () => writes(cluster.api),
  hang: () => hanging(cluster.api),
});

describe('the log of a container', () => {
  it('is the result when the action has no output: one call', async () => {
    const outcome = await run('cart-0');
    expect(outcome).toMatchObject({
      status: 'success',
      message: 'read the log of pod shop/cart-0',
      objects: { pod: 'cart-0', namespace: 'shop' },
      output: 'one\ntwo\nthree\n',
      artifacts: [],
    });
    expect(cluster.api.requests[0]?.query).toMatchObject({ tailLines: '20' });
    expect(cluster.calls()).toEqual([`GET ${POD}/cart-0/log`]);
  });

  it('is the artifact when it has one, byte by byte', async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index % 1000 === 999 ? 10 : index % 256));
    cluster.api.setPodLog('shop', 'cart-0', 'main', bytes);
    const outcome = await run('cart-0', { tail_lines: 1_000_000 }, {}, { hasOutput: true });
    expect(outcome.message).toBe('kept 300000 bytes of the log of pod shop/cart-0');
    expect(outcome.output).toBeUndefined();
    expect(outcome.artifacts).toHaveLength(1);
    expect(outcome.artifacts[0]).toMatchObject({ name: 'log', mediaType: 'text/plain', truncated: false });
    expect(Buffer.from(outcome.artifacts[0]!.body).equals(bytes)).toBe(true);
  });

  it('says when the size limit cut the artifact', async () => {
    const outcome = await run('cart-0', {}, {}, { hasOutput: true, artifactLimit: 5 });
    expect(outcome.message).toContain('kept 5 bytes');
    expect(outcome.message).toContain('cut at the size limit');
  });

  it('has as many lines from the end as the rule says', async () => {
    expect((await run('cart-0', { tail_lines: 1 })).output).toBe('three\n');
    expect(await run('cart-0', { tail_lines: 0 })).toMatchObject({
      status: 'success',
      output: '',
      message: 'the log of pod shop/cart-0 is empty',
    });
    await expect(run('cart-0', { tail_lines: -1 })).rejects.toThrow('at least 0');
  });

  it('is cut at a size in the result', async () => {
    cluster.api.setPodLog('shop', 'cart-0', 'main', 'x'.repeat(RESULT_BYTES + 100));
    const outcome = await run('cart-0');
    expect(outcome.output).toHaveLength(RESULT_BYTES);
    expect(outcome.message).toContain(`cut at ${RESULT_BYTES} bytes`);
    expect(cluster.api.requests[0]?.query).toMatchObject({ limitBytes: String(RESULT_BYTES + 1) });
  });

  it('of a pod that is gone is a failure that names it', async () => {
    for (const more of [{}, { hasOutput: true }, { dryRun: true }]) {
      const outcome = await run('cart-9', {}, {}, more);
      expect(outcome.error?.code).toBe('target_gone');
      expect(outcome.message).toContain('shop/cart-9');
      expect(outcome.artifacts).toEqual([]);
    }
  });

  it('is not read in a dry run', async () => {
    const outcome = await run('duo', { tail_lines: 5, container: 'proxy' }, {}, { dryRun: true });
    expect(outcome.message).toBe('would keep the last 5 lines of the log of container proxy of pod shop/duo');
    expect(cluster.calls()).toEqual([`GET ${POD}/duo`]);
  });
});

describe('which container', () => {
  it('is the one the rule names: one call, whatever the alert says', async () => {
    const outcome = await run('duo', { container: 'main' }, { 'container.id': shortId('duo', 'proxy') });
    expect(outcome.output).toBe('main says\n');
    expect(cluster.calls()).toEqual([`GET ${POD}/duo/log`]);
  });

  it('is the one the alert is about, by its id: two calls', async () => {
    const outcome = await run('duo', {}, { 'container.id': shortId('duo', 'proxy'), 'container.name': 'main' });
    expect(outcome).toMatchObject({
      output: 'proxy says\n',
      objects: { container: 'proxy' },
      message: 'read the log of container proxy of pod shop/duo',
    });
    expect(cluster.calls()).toEqual([`GET ${POD}/duo`, `GET ${POD}/duo/log`]);
  });

  it('is read as it was before a restart when the alert is about that', async () => {
    cluster.api.setPodLog('shop', 'duo', 'proxy', 'last words\n', { previous: true });
    cluster.api.change('pods', 'shop', 'duo', ({ status }) => {
      const [, proxy] = status!['containerStatuses'] as { lastState: unknown }[];
      proxy!.lastState = { terminated: { exitCode: 137, containerID: `containerd://${'ab'.repeat(32)}` } };
    });
    const outcome = await run('duo', {}, { 'container.id': 'ab'.repeat(6) });
    expect(outcome).toMatchObject({
      output: 'last words\n',
      message: 'read the log of container proxy of pod shop/duo, the run before its restart',
    });
  });

  it('is the one the alert names when it has no id: one call', async () => {
    expect((await run('duo', {}, { 'container.name': 'proxy' })).output).toBe('proxy says\n');
    expect(cluster.calls()).toEqual([`GET ${POD}/duo/log`]);
  });

  it.each([{}, { 'container.id': 'host', 'container.name': 'host' }, { 'container.id': '<NA>' }])(
    'is the first one of several when the alert says %j: the API server is asked again',
    async (fields) => {
      expect((await run('duo', {}, fields)).output).toBe('main says\n');
      expect(cluster.calls()).toEqual([`GET ${POD}/duo/log`, `GET ${POD}/duo`, `GET ${POD}/duo/log`]);
    },
  );

  it("is the pod's default one when there are several", async () => {
    cluster.api.change('pods', 'shop', 'duo', ({ metadata }) => {
      metadata.annotations = { 'kubectl.kubernetes.io/default-container': 'proxy' };
    });
    expect((await run('duo')).output).toBe('proxy says\n');
    expect((await run('duo', {}, { 'container.id': 'f'.repeat(12) })).output).toBe('proxy says\n');
    expect((await run('duo', {}, { 'container.name': 'k8s-main-cart' })).output).toBe('proxy says\n');
  });

  it('is never another one than the rule names', async () => {
    const outcome = await run('duo', { container: 'nope' });
    expect(outcome.error?.code).toBe('rejected');
    expect(outcome.message).toContain('pod shop/duo has no container nope, which the parameter container of the rule');
    await expect(run('duo', { container: '../main' })).rejects.toThrow('container');
  });

  it('is not looked for again when it was the right one: what the API server said stands', async () => {
    const message = 'container "main" in pod "cart-0" is waiting to start: ContainerCreating';
    cluster.api.fault({ kind: 'status', status: 400, message, match: { subresource: 'log' } });
    const outcome = await run('cart-0', {}, { 'container.name': 'main' });
    expect(outcome.message).toContain('waiting to start');
    expect(cluster.calls()).toEqual([`GET ${POD}/cart-0/log`, `GET ${POD}/cart-0`]);
  });

  it('is none of a pod re-created under the same name', async () => {
    const fields = { 'container.id': shortId('cart-0', 'main'), 'k8s.pod.uid': 'uid-0' };
    expect((await run('cart-0', {}, fields)).error?.code).toBe('target_gone');
  });
});
