import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namespace, pod, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import type { WebhookListener } from '@falco-talon/testkit/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { crashRig, post, type CrashRig } from './testing-crash.ts';

/** The whole program in a process of its own, killed while it captures, then started again on the same data. */
describe('a crash', { timeout: 60_000 }, () => {
  let rig: CrashRig;
  let fake: FakeKubernetes;
  let listener: WebhookListener;
  const start = () => rig.start();

  beforeEach(async () => {
    rig = await crashRig([namespace('security'), pod({ name: 'cart', namespace: 'shop' })], (directory) =>
      ['tcpdump', 'sysdig'].map((name) => rule(name, join(directory, 'evidence'))).join(''),
    );
    ({ fake, listener } = rig);
    await mkdir(evidenceFolder());
  });
  afterEach(() => rig.close());

  const evidenceFolder = () => join(rig.directory, 'evidence');
  const rule = (name: string, destination: string) =>
    `- rule: ${name}\n  match: { rules: [${name}] }\n  actions:\n    - action: ${name}\n      actionner: kubernetes:${name}\n      output: { target: "local:file", parameters: { destination: ${destination} } }\n`;

  async function evidence(): Promise<readonly string[]> {
    const names = (await readdir(evidenceFolder())).toSorted();
    return Promise.all(names.map((name) => readFile(join(evidenceFolder(), name), 'utf8')));
  }
  const recordsOf = (stage: string) => listener.records.filter((record) => record['stage'] === stage);

  it('after a capture was safe on disk, and its pod gone meanwhile: the capture is delivered', async () => {
    fake.onExec({}, ({ stdout }) => {
      stdout.write('what happened');
      return 0;
    });
    const outage = fake.fault({ kind: 'hang', match: { method: 'DELETE' } });
    const server = await start();
    await post(server, 'sysdig');
    await fake.waitForRequest(({ method }) => method === 'DELETE');
    await server.kill();
    outage.release();
    fake.remove('pods', 'shop', 'cart');

    await start();
    await listener.until(() => recordsOf('output').length > 0);
    expect(recordsOf('action')).toMatchObject([{ action: 'sysdig', status: 'failure' }]);
    expect(recordsOf('output')).toMatchObject([{ status: 'success' }]);
    expect(await evidence()).toEqual(['what happened']);
  });

  it('in the middle of a capture: what ran ends with the process, and the capture is made anew', async () => {
    const ended = Promise.withResolvers<void>();
    let captures = 0;
    fake.onExec({}, async ({ stdin, stdout }) => {
      captures++;
      stdout.write(`capture ${captures}`);
      if (captures > 1) return 0;
      stdin.resume();
      await once(stdin, 'end');
      ended.resolve();
      return 137;
    });
    const server = await start();
    await post(server, 'tcpdump');
    await expect.poll(() => captures, { timeout: 10_000 }).toBe(1);
    await server.kill();
    await ended.promise;

    await start();
    await listener.until(() => recordsOf('output').length > 0);
    expect(recordsOf('action')).toMatchObject([{ action: 'tcpdump', status: 'success' }]);
    expect(await evidence()).toEqual(['capture 2']);
    expect(fake.get('pods', 'shop', 'cart')?.spec?.['ephemeralContainers']).toHaveLength(1);
  });
});
