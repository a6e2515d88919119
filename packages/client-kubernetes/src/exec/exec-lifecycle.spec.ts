import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serviceAccount, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CART, execCluster, said, shell } from '../../spec/exec-cluster.ts';
import { base64, kubeconfigText, open, QUICK, type Opened } from '../../spec/loopback-api.ts';
import { kubernetes } from '../client.ts';

let opened: Opened;
beforeEach(async () => {
  opened = await open();
});
afterEach(() => opened.close());

const waitFor = (holds: () => boolean, interval = 20) => vi.waitUntil(holds, { timeout: 20_000, interval });
const fileOf = (fake: FakeKubernetes, name: string) => join(fake.containerFolder('shop', 'cart', 'main'), name);

/** A command that says that it runs, then waits for input that does not come, and notes how that ended. */
const WAITING = 'echo running; cat; echo end of input > noted; sleep 30';
async function* silence(): AsyncGenerator<Uint8Array> {
  await new Promise(() => {});
  yield new Uint8Array();
}

describe('a connection a command runs over', () => {
  it('ends with the signal, and not the command', async () => {
    const { client, fake } = await execCluster(opened);
    const leave = new AbortController();
    const run = client.exec(CART, shell(opened, WAITING, { stdin: silence(), signal: leave.signal }));
    await run.next();
    leave.abort();
    await expect(run.next()).rejects.toMatchObject({ code: 'aborted' });
    await waitFor(() => existsSync(fileOf(fake, 'noted')));
    await waitFor(() => fake.openConnections === 0);
  });

  it('ends when a time limit is over, and says timeout', async () => {
    const { client } = await execCluster(opened);
    const run = client.exec(CART, shell(opened, WAITING, { stdin: silence(), signal: AbortSignal.timeout(500) }));
    await expect(said(run)).rejects.toMatchObject({ code: 'timeout', retryable: true });
  });

  it('ends when the reader leaves', async () => {
    const { client, fake } = await execCluster(opened);
    for await (const chunk of client.exec(CART, shell(opened, WAITING, { stdin: silence() }))) {
      expect(chunk).toMatchObject({ stream: 'stdout' });
      break;
    }
    await waitFor(() => existsSync(fileOf(fake, 'noted')));
    await waitFor(() => fake.openConnections === 0);
  });

  it('ends with the client', async () => {
    const { client, fake } = await execCluster(opened);
    const run = client.exec(CART, shell(opened, WAITING));
    await run.next();
    const read = run.next();
    await kubernetes.close?.(client);
    await expect(read).rejects.toMatchObject({ code: 'aborted' });
    await waitFor(() => fake.openConnections === 0);
    await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({ code: 'aborted' });
  });

  it('that breaks leaves open what the command did', async () => {
    const { client, fake } = await execCluster(opened);
    const run = client.exec(CART, shell(opened, WAITING, { stdin: silence() }));
    await run.next();
    fake.closeConnections();
    await expect(run.next()).rejects.toMatchObject({ code: 'outcome_unknown', retryable: true });
  });

  it.each([
    ['lost-answer', 'outcome_unknown'],
    ['no-answer', 'outcome_unknown'],
    ['reset', 'outcome_unknown'],
  ] as const)('whose handshake meets %s may have been made', async (kind, code) => {
    const { client, fake } = await execCluster(opened, { limits: { ...QUICK, attemptTime: 1_500 } });
    fake.fault({ kind });
    await expect(said(client.exec(CART, shell(opened, 'echo ran > ran')))).rejects.toMatchObject({ code });
    expect(fake.requests).toHaveLength(1);
    if (kind !== 'reset') await waitFor(() => existsSync(fileOf(fake, 'ran')));
  });

  it('is not made when nobody listens, and that is no unknown outcome', async () => {
    const { client, fake } = await execCluster(opened);
    await fake.close();
    await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is only made to a server whose certificate is known', async () => {
    const { client, fake } = await execCluster(opened);
    fake.rotateCertificates();
    await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({
      code: 'unavailable',
      cause: { reason: 'CertificateNotTrusted' },
    });
    await opened.file('kubeconfig', fake.kubeconfig());
    expect(await said(client.exec(CART, shell(opened, 'echo hi')))).toMatchObject({ stdout: 'hi\n' });
  });

  it('is made with a client certificate', async () => {
    const { fake } = await execCluster(opened, {
      users: [serviceAccount('talon', 'engine', [{ resources: ['pods/exec'], verbs: ['get', 'create'] }])],
    });
    const user = 'system:serviceaccount:talon:engine';
    const client = await opened.client(await opened.file('cert', fake.kubeconfig({ user, auth: 'certificate' })));
    expect(await said(client.exec(CART, shell(opened, 'echo hi')))).toMatchObject({ stdout: 'hi\n' });
    expect(fake.requests[0]).toMatchObject({
      user,
      headers: { 'sec-websocket-protocol': 'v5.channel.k8s.io,v4.channel.k8s.io' },
    });
    expect(fake.requests[0]?.headers).not.toHaveProperty('sec-websocket-extensions');
  });

  it('is made on behalf of whom the kubeconfig says, to the server it names', async () => {
    const { fake } = await execCluster(opened);
    const cluster = { server: fake.url, 'certificate-authority-data': base64(fake.ca) };
    const user = { token: fake.tokenOf(), as: 'somebody' };
    const client = await opened.client(await opened.file('as', kubeconfigText(cluster, user)));
    await said(client.exec(CART, shell(opened, 'true')));
    expect(fake.requests[0]?.headers).toMatchObject({ 'impersonate-user': 'somebody', 'user-agent': 'falco-talon' });
    const elsewhere = { ...cluster, 'tls-server-name': 'elsewhere.example.com' };
    const other = await opened.client(await opened.file('other', kubeconfigText(elsewhere, user)));
    await expect(said(other.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({
      cause: { reason: 'CertificateNotTrusted' },
    });
  });

  it('is not made twice beyond the bound', async () => {
    const { client } = await execCluster(opened, { limits: { ...QUICK, execs: 1 } });
    const first = client.exec(CART, shell(opened, WAITING));
    await first.next();
    await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({ code: 'throttled' });
    await first.return({ exitCode: 0 });
    expect(await said(client.exec(CART, shell(opened, 'true')))).toMatchObject({ exitCode: 0 });
  });
});

describe('input', () => {
  it('that fails ends the connection, and its error is the error', async () => {
    const { client } = await execCluster(opened);
    const problem = new Error('the file cannot be read');
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x');
      throw problem;
    }
    await expect(said(client.exec(CART, shell(opened, 'cat', { stdin: failing() })))).rejects.toBe(problem);
  });

  it('is let go of when the command ends first', async () => {
    const { client } = await execCluster(opened);
    let released = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          await new Promise((resolve) => setImmediate(resolve));
          yield Buffer.from('x');
        }
      } finally {
        released = true;
      }
    }
    expect(await said(client.exec(CART, shell(opened, 'head -c 3', { stdin: endless() })))).toMatchObject({
      stdout: 'xxx',
    });
    await waitFor(() => released);
  });

  it('is taken no faster than the command reads it', async () => {
    const { client, fake } = await execCluster(opened);
    const go = Promise.withResolvers<void>();
    fake.onExec({}, async ({ stdin, stdout }) => {
      await go.promise;
      let bytes = 0;
      for await (const chunk of stdin) bytes += (chunk as Buffer).length;
      stdout.write(String(bytes));
      return 0;
    });
    let given = 0;
    async function* plenty(): AsyncGenerator<Uint8Array> {
      for (; given < 60_000_000; given += 1_000_000) yield Buffer.alloc(1_000_000);
    }
    const run = said(client.exec(CART, shell(opened, '', { stdin: plenty() })));
    let before = -1;
    const stands = (): boolean => given > 0 && given === before;
    await waitFor(() => stands() || ((before = given), false), 200);
    expect(given).toBeLessThan(30_000_000);
    go.resolve();
    expect(await run).toMatchObject({ stdout: '60000000', exitCode: 0 });
  });
});
