import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { createAuthority, type Authority } from '@falco-talon/fake-kubernetes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alert, json, post, testServer, type TestServer } from '../server/testing-server.ts';

let folder: string;
let authority: Authority;
const open: TestServer[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'door-'));
  authority = createAuthority();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
  await rm(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
/** As Kubernetes and editors do: never half a file. */
async function write(name: string, text: string): Promise<string> {
  await writeFile(at(`.${name}`), text);
  await rename(at(`.${name}`), at(name));
  return at(name);
}
async function start(door: Parameters<typeof testServer>[3]): Promise<TestServer> {
  const server = await testServer({}, {}, undefined, door);
  open.push(server);
  return server;
}
/** One that looks at its files when it is told to. */
async function startRereading(door: Parameters<typeof testServer>[3]) {
  let reread = async () => {};
  const server = await start({ ...door, watch: (_, changed) => ((reread = changed), { close() {} }) });
  return { server, reread: () => reread() };
}
const status = async (server: TestServer, token: string) =>
  (await post(server, alert, { ...json, authorization: `Bearer ${token}` })).status;
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

describe('credentials in files', () => {
  const [OLD, NEW] = ['the-old-token-of-them', 'the-new-token-of-them'];

  it('are one a line, and taken over when the file changes', async () => {
    const server = await start({ auth: { token_files: [await write('tokens', `\n${OLD}\r\n  ${NEW}  \n`)] } });
    expect([await status(server, OLD), await status(server, NEW)]).toEqual([202, 202]);
    await write('tokens', NEW);
    await until(async () => (await status(server, OLD)) === 401);
    expect(await status(server, NEW)).toBe(202);
  });

  it('stay in force while the file is wrong, empty or gone, and why is logged once', async () => {
    const { server, reread } = await startRereading({ auth: { token_files: [await write('tokens', OLD)] } });
    for (const [wrong, why] of [
      ['short', 'line 1: has fewer than 16 characters'],
      ['', 'is empty'],
      [undefined, 'there is no such file'],
    ]) {
      await (wrong === undefined ? rm(at('tokens')) : write('tokens', wrong));
      for (let n = 0; n < 3; n++) await reread();
      expect(server.doorLines.splice(0)).toEqual([expect.stringMatching(`^credentials not read again.*${why}`)]);
      expect(await status(server, OLD)).toBe(202);
    }
    await write('tokens', NEW);
    await reread();
    expect([await status(server, OLD), await status(server, NEW)]).toEqual([401, 202]);
    expect(server.doorLines).toEqual([]);
    await rm(at('tokens'));
    await reread();
    expect(server.doorLines).toHaveLength(1);
  });

  it.each([
    ['token_files', 'short', 'line 1: has fewer than 16 characters'],
    ['token_files', 'a token of several words', 'line 1: may have visible ASCII characters without spaces only'],
    ['token_files', 'ein-überlanges-token', 'line 1: may have visible ASCII'],
    ['basic_files', 'nobody', 'line 1: is not written as user:password'],
    ['secret_path_files', 'a/path/of-many-characters', 'line 1: may have letters'],
    ['hmac_key_files', '\n\nshort', 'line 3: has fewer than 16 characters'],
    ['token_files', ' \n', 'is empty; write one secret a line'],
  ])('of %s that cannot be right keep the server from starting: %j', async (key, text, problem) => {
    const file = await write('secrets', text);
    const starting = start({ auth: { [key]: [file] } });
    await expect(starting).rejects.toMatchObject({ code: 'invalid_config' });
    await expect(starting).rejects.toThrow(`intake.auth.${key}: ${file}`);
    await expect(starting).rejects.toThrow(problem);
    await expect(starting).rejects.not.toThrow(text.trim() || 'never');
  });

  it('that are not there keep the server from starting', async () => {
    await expect(start({ auth: { basic_files: [at('none')] } })).rejects.toThrow('there is no such file');
  });
});

describe('certificates', () => {
  async function serverFiles(from = authority) {
    const { certificate, key } = from.issueServer();
    return { cert_file: await write('tls.crt', certificate), key_file: await write('tls.key', key) };
  }
  async function send(server: TestServer, options: RequestOptions = {}): Promise<number> {
    const url = new URL(server.url);
    const sent = request(url, { method: 'POST', headers: json, ca: authority.certificate, agent: false, ...options });
    sent.end(options.method === 'GET' ? undefined : alert);
    const [answer] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
    answer.resume();
    return answer.statusCode!;
  }

  it('make it HTTPS, for whoever sends alerts', async () => {
    const server = await start({ tls: await serverFiles() });
    expect(server.url).toMatch(/^https:/);
    expect(await send(server)).toBe(202);
    await expect(fetch(server.url.replace('https', 'http'))).rejects.toThrow();
  });

  it('may be renewed while connections are open', async () => {
    const server = await start({ tls: await serverFiles() });
    const before = connect({ port: server.port, ca: authority.certificate, host: '127.0.0.1' });
    await once(before, 'secureConnect');
    const next = createAuthority();
    await serverFiles(next);
    await until(() =>
      send(server, { ca: next.certificate }).then(
        (code) => code === 202,
        () => false,
      ),
    );
    expect(before.destroyed).toBe(false);
    before.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${alert.length}\r\n\r\n${alert}`);
    const [answer] = (await once(before, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 202 /);
    before.destroy();
  });

  it('that do not belong together or make no sense leave those in use in force', async () => {
    const { server, reread } = await startRereading({ tls: await serverFiles() });
    for (const [name, text, why] of [
      ['tls.crt', createAuthority().issueServer().certificate, 'is not that of the certificate'],
      ['tls.key', 'nonsense', 'holds no private key in PEM'],
    ] as const) {
      await write(name, text);
      await reread();
      expect(server.doorLines.splice(0)).toEqual([expect.stringMatching(`^credentials not read again.*${why}`)]);
      expect(await send(server)).toBe(202);
    }
    await serverFiles();
    await reread();
    expect(server.doorLines).toEqual([expect.stringMatching('^certificate renewed')]);
    expect(await send(server)).toBe(202);
  });

  it.each([
    ['cert_file', 'intake.tls.cert_file: ', 'holds no certificate in PEM'],
    ['key_file', 'intake.tls.key_file: ', 'holds no private key in PEM'],
    ['client_ca_file', 'intake.tls.client_ca_file: ', 'holds no certificate in PEM'],
  ])('without sense keep the server from starting: %s', async (key, where, what) => {
    const files = { ...(await serverFiles()), client_ca_file: await write('ca.crt', authority.certificate) };
    const starting = start({ tls: { ...files, [key]: await write('odd', 'odd') } });
    await expect(starting).rejects.toThrow(where);
    await expect(starting).rejects.toThrow(what);
  });

  it.each([{ cert_file: '/tls.crt' }, { key_file: '/tls.key' }, { client_ca_file: '/ca.crt' }])(
    'that are not all there keep the server from starting: %j',
    async (tls) => {
      await expect(start({ tls })).rejects.toThrow('cert_file and key_file go together');
    },
  );

  it('whose key is another one keep the server from starting', async () => {
    const files = await serverFiles();
    const { key } = authority.issueServer();
    await expect(start({ tls: { ...files, key_file: await write('other.key', key) } })).rejects.toThrow(
      'is not that of the certificate',
    );
  });
});
