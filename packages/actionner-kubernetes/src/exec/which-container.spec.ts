import { containerId, pod, realPrograms } from '@falco-talon/fake-kubernetes';
import { runActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, startCluster, type TestCluster } from '../../spec/cluster.ts';
import { exec } from './exec.ts';

const POD = '/api/v1/namespaces/shop/pods';
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({
    objects: [pod({ name: 'duo', namespace: 'shop', uid: 'uid-2', containers: ['main', 'proxy'] })],
  });
});
afterAll(() => cluster.close());
beforeEach(() => cluster.api.clearRequests());

describe('which container', () => {
  const where = 'echo "${PWD##*/}"';
  const runDuo = (fields: Record<string, unknown> = {}, parameters = {}, more = {}) =>
    runActionner(exec, {
      event: alertAbout('duo', fields),
      parameters: { command: where, ...parameters },
      clients: { kubernetes: cluster.client },
      ...more,
    });
  const shortId = (container: string) =>
    containerId('shop', 'duo', container).replace('containerd://', '').slice(0, 12);

  it('is the one the rule names: one call', async () => {
    const outcome = await runDuo({ 'container.id': shortId('main') }, { container: 'proxy' });
    expect(outcome).toMatchObject({ output: 'proxy\n', objects: { container: 'proxy' } });
    expect(outcome.message).toBe('ran the command in container proxy of pod shop/duo');
    expect(cluster.calls()).toEqual([`GET ${POD}/duo/exec`]);
  });

  it('is the one the alert is about, by its id: two calls', async () => {
    expect((await runDuo({ 'container.id': shortId('proxy'), 'container.name': 'main' })).output).toBe('proxy\n');
    expect(cluster.calls()).toEqual([`GET ${POD}/duo`, `GET ${POD}/duo/exec`]);
  });

  it('is the one the alert names when it has no id: one call', async () => {
    expect((await runDuo({ 'container.name': 'proxy' })).output).toBe('proxy\n');
    expect(cluster.calls()).toEqual([`GET ${POD}/duo/exec`]);
  });

  it("is the pod's default one when neither says: the API server refuses to choose among several", async () => {
    expect((await runDuo()).output).toBe('main\n');
    expect(cluster.calls()).toEqual([`GET ${POD}/duo/exec`, `GET ${POD}/duo`, `GET ${POD}/duo/exec`]);
    cluster.api.change('pods', 'shop', 'duo', ({ metadata }) => {
      metadata.annotations = { 'kubectl.kubernetes.io/default-container': 'proxy' };
    });
    expect((await runDuo()).output).toBe('proxy\n');
  });

  it('is never another one than the rule names', async () => {
    const outcome = await runDuo({}, { container: 'nope' });
    expect(outcome.error?.code).toBe('rejected');
    expect(outcome.message).toBe('pod shop/duo has no container nope, which the parameter container of the rule names');
    expect(cluster.calls()).toEqual([`GET ${POD}/duo/exec`]);
  });

  it('has to run', async () => {
    cluster.api.create(pod({ name: 'ended', namespace: 'shop', phase: 'Succeeded' }));
    const outcome = await runActionner(exec, {
      event: alertAbout('ended'),
      parameters: { command: where, container: 'main' },
      clients: { kubernetes: cluster.client },
    });
    expect(outcome.error).toMatchObject({ code: 'target_gone', retryable: false });
    expect(outcome.message).toContain('main is not running');
  });

  it('must have a shell: the failure names it and the container', async () => {
    const remove = cluster.api.onExec({ pod: 'duo', container: 'proxy' }, realPrograms({ shell: 'none' }));
    const outcome = await runDuo({}, { container: 'proxy' });
    remove();
    expect(outcome.error).toMatchObject({ code: 'unsupported', retryable: false });
    expect(outcome.message).toMatch(
      /^container proxy of pod shop\/duo has no shell \/bin\/sh \(.*no such file.*\): set the parameter shell/,
    );
  });

  it('may have its shell elsewhere', async () => {
    const outcome = await runDuo(
      {},
      { container: 'proxy', shell: '/usr/bin/bash', command: 'echo "${BASH_VERSION:+bash}"' },
    );
    expect(outcome.output).toBe('bash\n');
  });

  it('is none on Windows, when the pod is read', async () => {
    cluster.api.create(pod({ name: 'win', namespace: 'shop' }));
    cluster.api.change('pods', 'shop', 'win', ({ spec }) => {
      spec!['nodeSelector'] = { 'kubernetes.io/os': 'windows' };
    });
    for (const more of [{ dryRun: true }, {}]) {
      const outcome = await runActionner(exec, {
        event: alertAbout('win', { 'container.id': 'ab'.repeat(6) }),
        parameters: { command: 'dir' },
        clients: { kubernetes: cluster.client },
        ...more,
      });
      expect(outcome.error?.code).toBe('unsupported');
      expect(outcome.message).toContain('pod shop/win runs on Windows');
    }
    expect(cluster.calls()).toEqual([`GET ${POD}/win`, `GET ${POD}/win`]);
  });

  it('is told in a dry run, which runs nothing', async () => {
    const outcome = await runDuo({}, { container: 'proxy', command: 'rm\n-rf "$HOME"' }, { dryRun: true });
    expect(outcome.message).toBe('would run "rm\\n-rf \\"$HOME\\"" with /bin/sh in container proxy of pod shop/duo');
    expect(cluster.calls()).toEqual([`GET ${POD}/duo`]);
    const gone = await runDuo({}, {}, { dryRun: true, event: alertAbout('cart-9') });
    expect(gone.error?.code).toBe('target_gone');
  });

  it('gone with its pod is one failure', async () => {
    const outcome = await runDuo({}, {}, { event: alertAbout('cart-9') });
    expect(outcome.error).toMatchObject({ code: 'target_gone', retryable: false });
    expect(cluster.calls()).toEqual([`GET ${POD}/cart-9/exec`]);
  });
});
