import { realPrograms, serviceAccount } from '@falco-talon/fake-kubernetes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CART, execCluster, said, shell } from '../../spec/exec-cluster.ts';
import { open, type Opened } from '../../spec/loopback-api.ts';

let opened: Opened;
beforeEach(async () => {
  opened = await open();
});
afterEach(() => opened.close());

const PROTOCOLS = [
  ['v5', ['v5.channel.k8s.io', 'v4.channel.k8s.io']],
  ['v4', ['v4.channel.k8s.io']],
] as const;

async function* bytes(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe.each(PROTOCOLS)('a command over %s', (_, execProtocols) => {
  it.each([0, 3, 42, 137, 255])('gives its output and its exit code %d', async (code) => {
    const { client } = await execCluster(opened, { execProtocols });
    const line = `echo out; echo err >&2; exit ${code}`;
    expect(await said(client.exec(CART, shell(opened, line)))).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: code,
    });
  });

  it('that a signal ended has 128 and its number', async () => {
    const { client } = await execCluster(opened, { execProtocols });
    expect(await said(client.exec(CART, shell(opened, 'kill -9 $$')))).toMatchObject({ exitCode: 137 });
  });

  it('gets its arguments as they are', async () => {
    const { client, fake } = await execCluster(opened, { execProtocols });
    const hostile = ['$(id)', '`id`', 'a\nb', "it's", '"', '../', '%2f', '-n', '&command=id', ' ', 'ü\u202e', ''];
    const command = ['printf', '[%s]', ...hostile] as const;
    const { stdout } = await said(client.exec(CART, { container: 'main', command: [...command], ...opened }));
    expect(stdout).toBe(hostile.map((argument) => `[${argument}]`).join(''));
    expect(fake.requests.map((request) => request.command)).toEqual([command]);
  });

  it('whose program is missing is unsupported, and says which', async () => {
    const { client } = await execCluster(opened, { execProtocols });
    for (const program of ['/no/such', 'no-such-program']) {
      const run = said(client.exec(CART, { container: 'main', command: [program], ...opened }));
      await expect(run).rejects.toMatchObject({ code: 'unsupported', retryable: false });
      await expect(run).rejects.toThrow(
        `cannot run a command in pod shop/cart: the container has no program "${program}"`,
      );
    }
  });

  it('without a shell in its container says that the shell is missing', async () => {
    const { client, fake } = await execCluster(opened, { execProtocols });
    fake.onExec({ container: 'main' }, realPrograms({ shell: 'none' }));
    await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('the container has no program "sh"'),
    });
  });

  it('gets its input', async () => {
    const { client } = await execCluster(opened, { execProtocols });
    const stdin = bytes('hello ', 'world', ' and more');
    const run = client.exec(CART, shell(opened, 'head -c 11', { stdin }));
    expect(await said(run)).toEqual({ stdout: 'hello world', stderr: '', exitCode: 0 });
  });
});

describe('a command', () => {
  it('sees the end of its input', async () => {
    const { client } = await execCluster(opened);
    const stdin = bytes('one\n', '', 'x'.repeat(100_000));
    expect(await said(client.exec(CART, shell(opened, 'wc -c; exit 7', { stdin })))).toMatchObject({
      stdout: expect.stringMatching(/^\s*100004\n$/),
      exitCode: 7,
    });
  });

  it('without input reads nothing', async () => {
    const { client } = await execCluster(opened);
    expect(await said(client.exec(CART, shell(opened, 'cat; echo end')))).toMatchObject({ stdout: 'end\n' });
  });

  it('gives what it wrote in whole, byte by byte', async () => {
    const { client } = await execCluster(opened);
    const { stdout } = await said(client.exec(CART, shell(opened, 'head -c 100000 /dev/zero | tr "\\0" x')));
    expect(stdout).toBe('x'.repeat(100_000));
  });

  it('is sent nowhere before it is asked for, nor for a name that is none', async () => {
    const { client, fake } = await execCluster(opened);
    client.exec(CART, shell(opened, 'true'));
    const bad = [
      client.exec({ namespace: 'shop', name: '../../x' }, shell(opened, 'true')),
      client.exec({ namespace: 'sh%2fop', name: 'cart' }, shell(opened, 'true')),
      client.exec(CART, shell(opened, 'true', { container: 'main&command=id' })),
      client.exec(CART, shell(opened, 'true', { command: ['echo', 'a\0b'] })),
      client.exec(CART, shell(opened, 'true', { command: ['echo', '\ud800'] })),
      client.exec(CART, shell(opened, 'true', { command: [''] })),
    ];
    for (const run of bad) await expect(said(run)).rejects.toMatchObject({ code: 'invalid_value' });
    expect(fake.requests).toEqual([]);
  });

  it('that fits no URL is too large, and says what to do', async () => {
    const { client, fake } = await execCluster(opened);
    const run = said(client.exec(CART, shell(opened, 'true', { command: ['echo', 'x'.repeat(800_000)] })));
    await expect(run).rejects.toMatchObject({ code: 'too_large' });
    await expect(run).rejects.toThrow(/standard input/);
    expect(fake.requests).toEqual([]);
    const long = 'ü'.repeat(60_000);
    expect(await said(client.exec(CART, shell(opened, 'true', { command: ['printf', '%s', long] })))).toMatchObject({
      stdout: long,
    });
  });
});

describe('a command that is refused', () => {
  const engine = (...verbs: string[]) => ({
    users: [serviceAccount('talon', 'engine', [{ resources: ['pods/exec'], verbs }])],
  });
  async function asEngine(...verbs: string[]) {
    const { fake } = await execCluster(opened, engine(...verbs));
    const user = 'system:serviceaccount:talon:engine';
    return opened.client(await opened.file('engine', fake.kubeconfig({ user })));
  }

  it.each([
    ['get', ['create']],
    ['create', ['get']],
    ['get', []],
  ])('for want of %s names that verb and the resource', async (missing, verbs) => {
    const client = await asEngine(...verbs);
    const run = said(client.exec(CART, shell(opened, 'true')));
    await expect(run).rejects.toMatchObject({ code: 'forbidden', retryable: false });
    await expect(run).rejects.toThrow(
      new RegExp(`^not allowed to ${missing} pods/exec shop/cart: .*get and create on pods/exec`),
    );
  });

  it('needs both verbs and no more', async () => {
    const client = await asEngine('get', 'create');
    expect(await said(client.exec(CART, shell(opened, 'true')))).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ['no such pod', { ...CART, name: 'gone' }, 'main', 'target_gone', /pods "gone" not found/],
    ['no such container', CART, 'nope', 'rejected', /container nope is not valid for pod cart/],
    ['a completed pod', { ...CART, name: 'done' }, 'main', 'target_gone', /its container main is not running/],
    ['no container named', CART, undefined, 'rejected', /choose one of: \[main proxy\]/],
  ])('for %s', async (_, pod, container, code, message) => {
    const { client, fake } = await execCluster(opened);
    const options = { command: ['true'] as const, ...opened, ...(container === undefined ? {} : { container }) };
    const run = said(client.exec(pod, options));
    await expect(run).rejects.toMatchObject({ code, retryable: false });
    await expect(run).rejects.toThrow(message);
    expect(fake.requests).toHaveLength(1);
  });

  it('by a kubelet that is down may pass, and is not repeated here', async () => {
    const { client, fake } = await execCluster(opened);
    fake.setNodeAnswers('node-1', false);
    const run = said(client.exec(CART, shell(opened, 'true')));
    await expect(run).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    expect(fake.requests).toHaveLength(1);
  });

  it('for an old token is sent once more with the new one', async () => {
    const { client, fake } = await execCluster(opened);
    fake.rotateToken();
    await opened.file('kubeconfig', fake.kubeconfig());
    expect(await said(client.exec(CART, shell(opened, 'echo hi')))).toMatchObject({ stdout: 'hi\n' });
    fake.rotateToken();
    await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('for being busy is sent again', async () => {
    const { client, fake } = await execCluster(opened);
    fake.fault({ kind: 'status', status: 429, times: 1 });
    expect(await said(client.exec(CART, shell(opened, 'echo hi')))).toMatchObject({ stdout: 'hi\n' });
    expect(fake.requests).toHaveLength(2);
  });
});
