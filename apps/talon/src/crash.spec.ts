import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pod, realPrograms, type ReceivedRequest } from '@falco-talon/fake-kubernetes';
import type { WebhookListener } from '@falco-talon/testkit/server';
import { afterAll, describe, expect, it } from 'vitest';
import { crashRig, post, type CrashRig } from './testing-crash.ts';

interface Crash extends CrashRig {
  readonly deletions: () => readonly ReceivedRequest[];
  readonly labels: () => readonly ReceivedRequest[];
  readonly told: (count: number) => Promise<WebhookListener['records']>;
  readonly uidOfCart: () => string | undefined;
  /** Kills the server between its DELETE and the answer: `hang` loses the request, `no-answer` carries it out. */
  readonly killWhileDeleting: (kind: 'hang' | 'no-answer') => Promise<void>;
  readonly recreateCart: () => void;
}

function crashOf(rig: CrashRig): Crash {
  const { fake, listener, start } = rig;
  const requests = (method: string) => fake.requests.filter((request) => request.method === method);
  return {
    ...rig,
    deletions: () => requests('DELETE'),
    labels: () => requests('PATCH'),
    async told(count) {
      await listener.until(() => listener.records.length >= count);
      return listener.records;
    },
    uidOfCart: () => fake.get('pods', 'shop', 'cart')?.metadata.uid,
    async killWhileDeleting(kind) {
      const fault = fake.fault({ kind, match: { method: 'DELETE' } });
      const server = await start();
      await post(server, 'Terminate');
      await fake.waitForRequest(({ method }) => method === 'DELETE');
      await server.kill();
      fault.release();
      fake.clearRequests();
    },
    recreateCart() {
      if (fake.get('pods', 'shop', 'cart')) fake.remove('pods', 'shop', 'cart');
      fake.create(cart('second-uid'));
    },
  };
}

const rigs: CrashRig[] = [];
afterAll(() => Promise.all(rigs.map((rig) => rig.close())));

/** A program and servers of a test's own. */
async function newCrash(): Promise<Crash> {
  const rig = await crashRig([cart('first-uid')], () => RULES);
  rigs.push(rig);
  rig.fake.setPodLog('shop', 'cart', 'main', 'what happened\n');
  return crashOf(rig);
}

/**
 * The whole program in a process of its own, killed with SIGKILL at each boundary of an event's life, then started again
 * on the same data. The API server lives on, and so does the one who is told.
 */
describe('a crash', { timeout: 60_000, concurrent: true }, () => {
  it('right after the 202 loses nothing', async () => {
    const { fake, start, deletions, told } = await newCrash();
    // No call gets through, so the process cannot be done with the event before it is killed.
    const outage = fake.fault({ kind: 'hang' });
    const server = await start();
    const answer = await post(server, 'Terminate');
    expect(answer.status).toBe(202);
    await server.kill();
    outage.release();
    fake.clearRequests();

    await start();
    const [record] = await told(1);
    expect(record).toMatchObject({ action: 'terminate', status: 'success', trace_id: answer.traceId });
    expect(deletions()).toHaveLength(1);
  });

  it('after the intent, before the call arrived: the step is done once', async () => {
    const { start, deletions, told, killWhileDeleting } = await newCrash();
    await killWhileDeleting('hang');
    await start();
    const [record] = await told(1);
    expect(record).toMatchObject({ action: 'terminate', status: 'success' });
    expect(deletions().map(uidOf)).toEqual(['first-uid']);
  });

  it('after the intent, and the pod re-created under its name meanwhile: the new one is not touched', async () => {
    const { fake, start, deletions, told, uidOfCart, killWhileDeleting, recreateCart } = await newCrash();
    await killWhileDeleting('hang');
    recreateCart();
    await start();
    await told(1);
    expect(deletions().map(uidOf)).not.toContain('second-uid');
    expect(uidOfCart()).toBe('second-uid');
    expect(fake.get('pods', 'shop', 'cart')?.metadata.deletionTimestamp).toBeUndefined();
  });

  it('after the call, before its answer: the step is found done and not sent again', async () => {
    const { start, deletions, told, killWhileDeleting } = await newCrash();
    await killWhileDeleting('no-answer');
    await start();
    const [record] = await told(1);
    expect(record).toMatchObject({ action: 'terminate', status: 'success' });
    expect(deletions()).toHaveLength(0);
  });

  it('after the call, and the pod re-created under its name: the new one lives', async () => {
    const { start, deletions, told, uidOfCart, killWhileDeleting, recreateCart } = await newCrash();
    await killWhileDeleting('no-answer');
    recreateCart();
    await start();
    await told(1);
    expect(deletions()).toHaveLength(0);
    expect(uidOfCart()).toBe('second-uid');
  });

  it('while a command runs: it is ended, not run again, and that is said', async () => {
    const { directory, fake, start, told } = await newCrash();
    const runs = join(directory, 'runs');
    fake.onExec({}, realPrograms({ environment: { PATH: process.env['PATH'] ?? '', RUNS: runs } }));
    const server = await start();
    await post(server, 'Command');
    await expect.poll(() => existsSync(runs), { timeout: 20_000 }).toBe(true);
    await server.kill();

    await start();
    const [record] = await told(1);
    expect(record).toMatchObject({ action: 'exec', status: 'failure', error: expect.stringContaining('not repeated') });
    const [pid, ...more] = (await readFile(runs, 'utf8')).trim().split('\n');
    expect(more).toEqual([]);
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 20_000 }).toBe(false);
  });

  it('before the notification: people are told after the restart, and nothing runs again', async () => {
    const { fake, listener, start, told } = await newCrash();
    listener.hold();
    const server = await start();
    await post(server, 'Terminate');
    await listener.until(() => listener.calls > 0);
    await server.kill();
    listener.release();
    fake.clearRequests();

    await start();
    const [record] = await told(1);
    expect(record).toMatchObject({ action: 'terminate', status: 'success' });
    expect(fake.requests.filter(({ resource }) => resource === 'pods')).toEqual([]);
  });

  it('between two steps: the finished one does not run again', async () => {
    const { fake, listener, start, labels } = await newCrash();
    const outage = fake.fault({ kind: 'hang', match: { subresource: 'log' } });
    const server = await start();
    await post(server, 'Evidence');
    await fake.waitForRequest(({ subresource }) => subresource === 'log');
    expect(labels()).toHaveLength(1);
    await server.kill();
    outage.release();

    await start();
    await listener.until(() => listener.records.some(({ action }) => action === 'log'));
    expect(labels()).toHaveLength(1);
    expect(listener.records.find(({ action }) => action === 'log')).toMatchObject({
      status: 'success',
      output: 'what happened\n',
    });
  });
});

const RULES = `
- rule: Terminate
  match: { rules: [Terminate] }
  actions: [{ action: terminate, actionner: kubernetes:terminate }]
- rule: Evidence
  match: { rules: [Evidence] }
  actions:
    - { action: label, actionner: kubernetes:label, parameters: { labels: { analysis/status: suspicious } } }
    - { action: log, actionner: kubernetes:log }
- rule: Command
  match: { rules: [Command] }
  actions: [{ action: exec, actionner: kubernetes:exec, parameters: { command: 'echo $$ >>"$RUNS"; exec sleep 60' } }]
`;

function cart(uid: string) {
  return pod({ name: 'cart', namespace: 'shop', uid });
}

function uidOf(request: ReceivedRequest | undefined): string | undefined {
  return (request?.body as { preconditions?: { uid?: string } } | undefined)?.preconditions?.uid;
}
