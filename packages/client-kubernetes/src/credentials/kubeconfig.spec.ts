import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  base64,
  kubeconfigText,
  open,
  pod,
  QUICK,
  sendJson,
  status,
  type Clock,
  type LoopbackApi,
  type Opened,
} from '../../spec/loopback-api.ts';
import { PODS } from '../index.ts';
import { readPlan } from './kubeconfig.ts';

const CART = { namespace: 'shop', name: 'cart' };

let opened: Opened;
let api: LoopbackApi;
beforeEach(async () => {
  opened = await open();
  api = await opened.api((response) => sendJson(response, 200, pod('cart')));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await opened.close();
});

const trusted = () => ({ server: api.url, 'certificate-authority-data': base64(api.authority?.certificate ?? '') });
const clientWith = async (cluster: Record<string, unknown>, user = {}, clock?: Clock) =>
  opened.client(await opened.file('config', kubeconfigText(cluster, user)), {
    limits: QUICK,
    ...(clock ? { clock } : {}),
  });
const headersWith = async (cluster: Record<string, unknown>, user = {}) => {
  await (await clientWith(cluster, user)).get(PODS, CART, opened);
  return api.received.at(-1)?.headers;
};

describe('a user', () => {
  it('with a password', async () => {
    expect((await headersWith(trusted(), { username: 'ada', password: 'p:w' }))?.authorization).toBe(
      `Basic ${base64('ada:p:w')}`,
    );
  });

  it('with nothing is anonymous', async () => {
    expect((await headersWith(trusted()))?.authorization).toBeUndefined();
  });

  it('may act as another', async () => {
    expect(await headersWith(trusted(), { token: 't', as: 'bob' })).toMatchObject({ 'impersonate-user': 'bob' });
  });
});

describe('a cluster', () => {
  it('may be behind a path', async () => {
    await headersWith({ ...trusted(), server: `${api.url}/k8s/clusters/c-1/` });
    expect(api.received[0]?.url).toBe('/k8s/clusters/c-1/api/v1/namespaces/shop/pods/cart');
  });

  it("whose name is another than its certificate's needs tls-server-name", async () => {
    const port = new URL(api.url).port;
    await headersWith({ ...trusted(), server: `https://127.0.0.1:${port}`, 'tls-server-name': 'localhost' });
    const wrong = await clientWith({ ...trusted(), 'tls-server-name': 'elsewhere' });
    await expect(wrong.get(PODS, CART, opened)).rejects.toMatchObject({ cause: { reason: 'CertificateNotTrusted' } });
  });

  it('is not verified only when the kubeconfig says so, whatever the environment', async () => {
    await headersWith({ server: api.url, 'insecure-skip-tls-verify': true });
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const strict = await clientWith({ server: api.url });
    await expect(strict.get(PODS, CART, opened)).rejects.toMatchObject({ cause: { reason: 'CertificateNotTrusted' } });
  });
});

describe('a credential program', () => {
  /** Prints a token with the number of its run. */
  const program = async (expires?: string) => {
    const runs = join(opened.directory, 'runs');
    const file = await opened.file(
      'program.mjs',
      `import { appendFileSync, readFileSync } from 'node:fs';
       appendFileSync(${JSON.stringify(runs)}, 'x');
       const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
       const run = readFileSync(${JSON.stringify(runs)}, 'utf8').length;
       const token = [process.argv[2], process.env.EXTRA, info.kind, process.env.HOME ?? 'no-home', run].join('-');
       console.log(JSON.stringify({ status: { token, expirationTimestamp: ${JSON.stringify(expires)} } }));`,
    );
    return {
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: process.execPath,
        args: [file, 'arg'],
        env: [{ name: 'EXTRA', value: 'extra' }],
      },
    };
  };
  const token = (n: number) =>
    api.received[n]?.headers.authorization?.replace('Bearer arg-extra-ExecCredential-no-home-', '');

  it('is run once until its token expires', async () => {
    const clock = { now: Date.parse('2030-01-01T00:00:00Z') };
    const client = await clientWith(trusted(), await program('2030-01-01T01:00:00Z'), clock);
    await client.get(PODS, CART, opened);
    clock.now += 58 * 60_000;
    await client.get(PODS, CART, opened);
    clock.now += 90_000;
    await client.get(PODS, CART, opened);
    expect([token(0), token(1), token(2)]).toEqual(['1', '1', '2']);
    expect(api.connections.accepted).toBe(1);
  });

  it('is run again when its token is refused', async () => {
    const clock = { now: Date.parse('2030-01-01T00:00:00Z') };
    const client = await clientWith(trusted(), await program(), clock);
    clock.now += 10_000;
    const { respond } = api;
    api.respond = (...given) =>
      token(0) && api.received.length > 1
        ? respond(...given)
        : sendJson(given[0], 401, status(401, 'Unauthorized', 'no'));
    await client.get(PODS, CART, opened);
    expect([token(0), token(1)]).toEqual(['1', '2']);
  });

  it.each([
    ['nothing', '', 'printed something that is not JSON'],
    ['no credentials', 'console.log("{}")', 'printed neither a token nor a certificate'],
    ['a failure', 'console.error("log in first"); process.exit(3)', 'log in first'],
  ])('that prints %s is an error that says so', async (_, text, message) => {
    const file = join(opened.directory, 'broken.mjs');
    await writeFile(file, text);
    const user = { exec: { command: process.execPath, args: [file] } };
    await expect(clientWith(trusted(), user)).rejects.toThrow(message);
  });

  it('that cannot be run names the program', async () => {
    await expect(clientWith(trusted(), { exec: { command: './missing' } })).rejects.toThrow(
      /the credential program "\.\/missing" failed/,
    );
    await expect(clientWith(trusted(), { exec: { command: 'x', interactiveMode: 'Always' } })).rejects.toThrow(
      /wants to ask questions/,
    );
    await expect(clientWith(trusted(), { exec: {} })).rejects.toThrow(/has no command/);
  });
});

describe('what is wrong is said, with the file', () => {
  it.each([
    ['not YAML', '"', /config is not valid YAML/],
    ['a list', '[]', /config is not a kubeconfig/],
    ['no current context', '{}', /no current-context is set/],
    ['an unknown context', '{"current-context":"x"}', /current context "x" is not among the contexts/],
    [
      'an unknown cluster',
      '{"current-context":"x","contexts":[{"name":"x","context":{"cluster":"c"}}]}',
      /unknown cluster "c"/,
    ],
    [
      'an unknown user',
      '{"current-context":"x","contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],"clusters":[{"name":"c","cluster":{"server":"https://a"}}]}',
      /unknown user "u"/,
    ],
    ['no server', kubeconfigText({}), /clusters\[0\]\.cluster\.server is missing/],
    ['a server that is no URL', kubeconfigText({ server: 'a b' }), /must be an https URL/],
    ['a server without TLS elsewhere', kubeconfigText({ server: 'http://10.0.0.1' }), /without TLS/],
    ['a proxy', kubeconfigText({ server: 'https://a', 'proxy-url': 'http://p' }), /does not connect through proxies/],
    [
      'an auth-provider',
      kubeconfigText({ server: 'https://a' }, { 'auth-provider': { name: 'gcp' } }),
      /use an exec credential program/,
    ],
    ['groups to act as', kubeconfigText({ server: 'https://a' }, { as: 'b', 'as-groups': ['c'] }), /as-groups/],
    [
      'a CA that is none',
      kubeconfigText({ server: 'https://a', 'certificate-authority-data': base64('no') }),
      /certificates cannot be used/,
    ],
    [
      'a certificate without key',
      kubeconfigText({ server: 'https://a' }, { 'client-certificate-data': base64('no') }),
      /needs its key/,
    ],
    [
      'a missing CA file',
      kubeconfigText({ server: 'https://a', 'certificate-authority': 'gone.crt' }),
      /gone\.crt cannot be read/,
    ],
  ])('%s', async (_, text, message) => {
    const creating = opened.client(await opened.file('config', text));
    await expect(creating).rejects.toMatchObject({ code: 'invalid_config' });
    await expect(creating).rejects.toThrow(message);
    await expect(creating).rejects.toThrow(opened.directory);
  });

  it.each([
    ['text after a fault', 'users:\n- token: hunter2\n  token: "hunter2\n'],
    ['an alias', 'token: *hunter2\n'],
    ['a tag', kubeconfigText({ server: 'ftp://a' }).replace('{', '{"a": !x hunter2, ')],
    ['a password in the URL', kubeconfigText({ server: 'https://ada:hunter2@a' })],
    ['a password without a user', kubeconfigText({ server: 'https://:hunter2@a' })],
    ['a query', kubeconfigText({ server: 'https://a/?token=hunter2' })],
    ['a URL of another kind', kubeconfigText({ server: 'ftp://ada:hunter2@a' })],
    ['a token with a line break', kubeconfigText({ server: 'https://a' }, { token: 'hunter2\r\nX: y' })],
    ['a token that is no text', kubeconfigText({ server: 'https://a' }, { token: { hunter2: 1 } })],
    ['arguments', kubeconfigText({ server: 'https://a' }, { exec: { command: 'false', args: ['hunter2'] } })],
    ['no program', kubeconfigText({ server: 'https://a' }, { exec: { command: './no', args: ['hunter2'] } })],
    ['odd arguments', kubeconfigText({ server: 'https://a' }, { exec: { command: 'a', args: { hunter2: 1 } } })],
    ['an odd environment', kubeconfigText({ server: 'https://a' }, { exec: { command: 'a', env: [null, 'hunter2'] } })],
    ['a NUL', kubeconfigText({ server: 'https://a' }, { exec: { command: 'a', args: ['hunter2\0'] } })],
  ])('without quoting %s, which may be a secret', async (_, text) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const creating = opened.client(await opened.file('config', text));
    const error = (await creating.catch((e: unknown) => e)) as Error;
    expect(error).toMatchObject({ code: 'invalid_config', message: expect.stringContaining(opened.directory) });
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});

it('several files are merged as kubectl does: the first to name a thing wins, paths belong to their file', async () => {
  const plan = await readPlan([
    {
      file: '/one/config',
      text: 'current-context: x\nusers: [{name: u, user: {client-key: k, client-certificate: c}}]',
    },
    {
      file: '/two/config',
      text: `
current-context: y
users: [{name: u, user: {token: t}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: https://a/, certificate-authority: ca.crt}}]`,
    },
  ]);
  expect(plan).toMatchObject({
    context: 'x',
    file: '/two/config',
    server: 'https://a',
    ca: { file: '/two/ca.crt' },
    cert: { file: '/one/c' },
    key: { file: '/one/k' },
  });
  expect(plan.token).toBeUndefined();
});
