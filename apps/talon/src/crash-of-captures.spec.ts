import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { namespace, pod, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import {
  startServerProcess,
  startWebhookListener,
  type ServerProcess,
  type WebhookListener,
} from '@falco-talon/testkit/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** The whole program in a process of its own, killed while it captures, then started again on the same data. */
describe('a crash', { timeout: 60_000 }, () => {
  let directory: string;
  let fake: FakeKubernetes;
  let listener: WebhookListener;
  const servers: ServerProcess[] = [];
  const file = (...names: readonly string[]) => join(directory, ...names);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'falco-talon-crash-'));
    await mkdir(file('state'));
    await mkdir(file('evidence'));
    fake = await startFakeKubernetes({
      objects: [namespace('security'), pod({ name: 'cart', namespace: 'shop' })],
      terminationDelay: 50,
    });
    await fake.writeKubeconfig(file('kubeconfig'));
    listener = await startWebhookListener();
    await writeFile(file('rules.yaml'), ['tcpdump', 'sysdig'].map(rule).join(''));
    await writeFile(file('config.yaml'), 'watch_rules: false\n');
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.kill();
    listener.close();
    await fake.close();
    await rm(directory, { recursive: true, force: true });
  });

  const rule = (name: string) =>
    `- rule: ${name}\n  match: { rules: [${name}] }\n  actions:\n    - action: ${name}\n      actionner: kubernetes:${name}\n      output: { target: "local:file", parameters: { destination: ${file('evidence')} } }\n`;

  async function start(): Promise<ServerProcess> {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const files = ['-c', file('config.yaml'), '-r', file('rules.yaml')];
    const server = await startServerProcess({
      args: ['--conditions=@falco-talon/source', main, 'server', ...files],
      cwd: directory,
      logFile: file('server.log'),
      environment: {
        FALCO_TALON_KUBECONFIG: file('kubeconfig'),
        FALCO_TALON_NAMESPACE: 'security',
        FALCO_TALON_DATA_DIRECTORY: file('state'),
        FALCO_TALON_DEFAULT_NOTIFIERS: 'webhook',
        FALCO_TALON_NOTIFIERS_WEBHOOK_URL: listener.url,
        FALCO_TALON_LOG_FORMAT: 'json',
      },
    });
    servers.push(server);
    return server;
  }

  async function evidence(): Promise<readonly string[]> {
    const names = (await readdir(file('evidence'))).toSorted();
    return Promise.all(names.map((name) => readFile(file('evidence', name), 'utf8')));
  }
  const recordsOf = (stage: string) => listener.records.filter((record) => record['stage'] === stage);
  const post = ({ url }: ServerProcess, name: string) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        rule: name,
        priority: 'Critical',
        output: name,
        output_fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'cart' },
      }),
    });

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
