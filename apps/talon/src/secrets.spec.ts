import { createHash, createHmac, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { pod, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runIn } from './testing-run.ts';

/** Each is in exactly one place that takes a secret. */
const CANARIES = {
  token: 'canary-token-4f1d9c',
  tokenFile: 'canary-token-file-81ac',
  environment: 'canary-environment-77b0',
  basic: 'canary-basic-password-22e1',
  basicFile: 'canary-basic-file-05dd',
  path: 'canary-path-9ab3c7d1',
  pathFile: 'canary-path-file-6c2f',
  key: 'canary-key-of-hmac-3e9b',
  keyFile: 'canary-key-file-c410',
  url: 'canary-url-password-8d77',
  urlPath: 'canary-url-path-a2a2',
  query: 'canary-url-query-f00d',
  header: 'canary-header-1bb1',
  wrong: 'canary-wrong-presented-99',
  short: 'canary-short',
} as const;
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

let folder: string;
let api: FakeKubernetes;
const outputs: string[] = [];
/** Of the webhook's receiver, which gets its own secrets and gives them back as an error. */
let told = 0;
const receiver = createServer(async (request, response) => {
  for await (const chunk of request) outputs.push(String(chunk));
  const heard = `${request.url} ${JSON.stringify(request.headers)}`;
  if (told++ % 2 === 0) response.writeHead(400).end(heard);
  else response.writeHead(204).end();
});

const at = (name: string) => join(folder, name);
const file = (name: string, text: string) => (writeFileSync(at(name), text, { mode: 0o600 }), name);
let umask: number;
beforeEach(async () => {
  umask = process.umask(0);
  folder = mkdtempSync(join(tmpdir(), 'talon-secrets-'));
  api = await startFakeKubernetes({ objects: [pod({ name: 'cart', namespace: 'shop' })] });
  await api.writeKubeconfig(at('kubeconfig'));
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  process.umask(umask);
  receiver.close();
  receiver.closeAllConnections();
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

function configOf(data: string): string {
  const to = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  return JSON.stringify({
    listen_address: '127.0.0.1',
    listen_port: 0,
    log_format: 'json',
    log_level: 'debug',
    data_directory: data,
    shutdown_grace_period: 1,
    rules_files: ['rules.yaml'],
    kubeconfig: at('kubeconfig'),
    print_all_events: true,
    default_notifiers: ['webhook', 'k8sevents'],
    deduplication: { time_window_seconds: 0 },
    queue: { type: 'sqlite' },
    limits: { event_attempts: 1, step_attempts: 1 },
    intake: {
      auth: {
        token_files: [file('tokens', CANARIES.tokenFile)],
        basic: [`falco:${CANARIES.basic}`],
        basic_files: [file('users', `falco:${CANARIES.basicFile}`)],
        secret_paths: [CANARIES.path],
        secret_path_files: [file('paths', CANARIES.pathFile)],
        hmac_keys: [CANARIES.key],
        hmac_key_files: [file('keys', CANARIES.keyFile)],
        tokens: [CANARIES.token, CANARIES.environment],
      },
    },
    notifiers: {
      webhook: {
        url: `http://user:${CANARIES.url}@${to}/${CANARIES.urlPath}?key=${CANARIES.query}`,
        custom_headers: { 'X-Key': CANARIES.header },
      },
    },
  });
}
const RULES = `- rule: Label
  match: { rules: [Label] }
  actions: [{ action: label, actionner: kubernetes:label, parameters: { labels: { seen: 'yes' } } }]
`;

function start(config: string) {
  const signals = new EventEmitter();
  const stdout = new PassThrough();
  let log = '';
  stdout.on('data', (chunk) => (log += String(chunk)));
  const ran = runIn(folder, ['server', '-c', config], { signals, stdout });
  async function line(text: string): Promise<string> {
    for (;;) {
      const found = log.split('\n').find((one) => one.includes(text));
      if (found !== undefined) return found;
      const ended = await Promise.race([ran, delay(5)]);
      if (ended !== undefined) throw new Error(`it ended before ${text}: ${ended.errors}${log}`);
    }
  }
  async function stop(): Promise<void> {
    signals.emit('SIGTERM');
    const { errors } = await ran;
    outputs.push(log, errors);
  }
  return { signals, line, stop };
}

const alert = (name: string) =>
  JSON.stringify({ rule: 'Label', priority: 'Notice', output_fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': name } });

it('a secret of the configuration is in no output, answer, record or file of a whole run', async () => {
  file('rules.yaml', RULES);
  file('config.yaml', configOf('data'));
  const server = start('config.yaml');
  const { port } = JSON.parse(await server.line('server started')) as { port: number };
  async function ask(path: string, headers: Record<string, string>, body?: string): Promise<number> {
    const init = { headers: { 'content-type': 'application/json', ...headers } };
    const response = await fetch(
      `http://127.0.0.1:${port}${path}`,
      body === undefined ? init : { ...init, method: 'POST', body },
    );
    outputs.push(JSON.stringify([...response.headers]), await response.text());
    return response.status;
  }
  function sign(key: string, body: string): Record<string, string> {
    const [time, nonce, digest] = [
      Math.floor(Date.now() / 1000),
      randomUUID(),
      createHash('sha256').update(body).digest('hex'),
    ];
    const hmac = createHmac('sha256', key).update(`${time}.${nonce}.${digest}`).digest('hex');
    return { 'x-falco-talon-signature': `t=${time},nonce=${nonce},sha256=${digest},v1=${hmac}` };
  }

  const right: readonly [string, Record<string, string>][] = [
    ...[CANARIES.token, CANARIES.tokenFile, CANARIES.environment].map((token): [string, Record<string, string>] => [
      '/',
      { authorization: `Bearer ${token}` },
    ]),
    ...[CANARIES.basic, CANARIES.basicFile].map((password): [string, Record<string, string>] => [
      '/',
      { authorization: basic(`falco:${password}`) },
    ]),
    [`/${CANARIES.path}`, {}],
    [`/${CANARIES.pathFile}`, {}],
    ['/', sign(CANARIES.key, alert('cart'))],
    ['/', sign(CANARIES.keyFile, alert('cart'))],
  ];
  for (const [path, headers] of right) expect(await ask(path, headers, alert('cart'))).toBe(202);
  const wrong: readonly [string, Record<string, string>, string][] = [
    ['/', { authorization: `Bearer ${CANARIES.wrong}` }, alert('cart')],
    [`/${CANARIES.wrong}`, {}, alert('cart')],
    ['/', sign(CANARIES.wrong, alert('cart')), alert('cart')],
    ['/', { authorization: `Bearer ${CANARIES.token}`, 'content-encoding': 'gzip' }, 'x'],
    [`/${CANARIES.path}`, {}, 'no JSON'],
  ];
  for (const [path, headers, body] of wrong) expect(await ask(path, headers, body)).toBeGreaterThanOrEqual(400);
  await server.line('"status":"success"');
  await ask('/', { authorization: `Bearer ${CANARIES.token}` }, alert('gone'));
  await server.line('cannot patch pods');
  await server.line('"notifier":"webhook","status":"failure"');

  file('tokens', CANARIES.short);
  await server.line('credentials not read again');
  file('rules.yaml', 'no rules');
  server.signals.emit('SIGHUP');
  await server.line('rules not reloaded');
  for (const path of ['/healthz', '/readyz', '/metrics']) await ask(path, {});

  // One that ended with its process: a copy of its data, begun and without a result.
  const { count: _, ...held } = api.fault({ kind: 'hang', match: { verb: 'patch' } });
  await ask('/', { authorization: `Bearer ${CANARIES.token}` }, alert('cart'));
  await api.waitForRequest(({ verb, status }) => verb === 'patch' && status === 0);
  cpSync(at('data'), at('copy'), { recursive: true, filter: (name) => !name.endsWith('.sock') });
  held.release();
  await server.stop();

  file('rules.yaml', RULES);
  file('tokens', CANARIES.tokenFile);
  file('second.yaml', configOf('copy'));
  const second = start('second.yaml');
  const { event } = JSON.parse(await second.line('event set aside')) as { event: string };
  for (const argv of [
    ['dead-letter', 'list'],
    ['dead-letter', 'list', '-o', 'json'],
    ['dead-letter', 'show', event],
    ['config', 'print'],
    ['config', 'print', '-o', 'json'],
    ['config', 'print', '-o', 'table'],
    ['check'],
  ]) {
    const { output, errors } = await runIn(folder, [...argv, '-c', 'second.yaml']);
    expect(output + errors).not.toBe('');
    outputs.push(output, errors);
  }
  await second.stop();

  const files = globSync('{data,copy}/**', { cwd: folder }).filter((name) => statSync(at(name)).isFile());
  expect(files.length).toBeGreaterThan(3);
  for (const name of files) outputs.push(readFileSync(at(name), 'latin1'));
  outputs.push(JSON.stringify(api.objects('events')));

  const everything = outputs.join('\n');
  expect(everything).toContain('falcosecurity_falco_talon');
  const encoded = [CANARIES.basic, CANARIES.basicFile].map((password) => basic(`falco:${password}`).slice(6));
  const secrets = [...Object.values(CANARIES), ...encoded, api.tokenOf()];
  expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);

  // And for nobody else to read, whatever the umask.
  const open = ['data', 'copy', ...files].filter((name) => (statSync(at(name)).mode & 0o077) !== 0);
  expect(open.filter((name) => !name.startsWith('copy'))).toEqual([]);
});
