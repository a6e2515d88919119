import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { testServer } from '../../server/testing-server.ts';
import { run } from '../testing-program.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function listening(server: ReturnType<typeof createTcpServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that is not Falco Talon; it remembers what it was asked. */
async function other(answer: RequestListener) {
  const requests: IncomingMessage[] = [];
  const host = await listening(
    createServer((request, response) => {
      requests.push(request);
      answer(request, response);
    }),
  );
  return { host, url: `http://${host}`, requests };
}

async function talon(...options: Parameters<typeof testServer>) {
  const server = await testServer(...options);
  closing.push(() => server.close(0));
  return server;
}

const sentTo = (server: Awaited<ReturnType<typeof talon>>) =>
  JSON.parse(server.engine.bodies.at(-1)!.body.toString()) as Record<string, unknown> & {
    output_fields: Record<string, unknown>;
  };

describe('what test-alert sends', () => {
  it('is harmless, and never the same twice', async () => {
    const server = await talon();
    const { code, stdout } = await run(['test-alert', '--url', server.url, '--wait', '0']);
    expect(code).toBe(0);
    expect(stdout).toContain(`accepted by ${server.url}/: alert id-1, trace ${'a'.repeat(32)}\n`);
    const first = sentTo(server);
    expect(first).toMatchObject({ rule: 'Test alert of Falco Talon', priority: 'Debug', source: 'syscall' });
    expect(first.output_fields).toMatchObject({ 'k8s.ns.name': 'falco-talon-test' });
    expect(Object.keys(first.output_fields)).not.toContain('fd.rip');
    await run(['test-alert', '--url', server.url, '--wait', '0']);
    expect(sentTo(server)['output']).not.toBe(first['output']);
    expect(sentTo(server).output_fields['k8s.pod.name']).not.toBe(first.output_fields['k8s.pod.name']);
  });

  it('is what the options say, of the sample or of a file, digit by digit', async () => {
    const server = await talon();
    const options = [
      '--rule',
      'R',
      '--priority',
      'Notice',
      '--source',
      's',
      '--namespace',
      'n',
      '--pod',
      'p',
      '--tag',
      'a',
      '--tag',
      'b',
    ];
    const changed = { rule: 'R', priority: 'Notice', source: 's', tags: ['a', 'b'] };
    const fields = { 'k8s.ns.name': 'n', 'k8s.pod.name': 'p', 'fd.name': 'a=b' };
    await run(['test-alert', '--url', server.url, '--wait', '0', ...options, '--field', 'fd.name=a=b']);
    expect(sentTo(server)).toMatchObject({ ...changed, output_fields: fields });
    const file = '{"rule":"x","output_fields":{"evt.time":1731945600482812345,"k":1},"__proto__":{"y":1}}';
    await run(['test-alert', '--url', server.url, '--wait', '0', '--event', 'e', '--field', 'z=1'], { e: file });
    expect(server.engine.bodies.at(-1)!.body.toString()).toBe(
      '{"rule":"x","output_fields":{"evt.time":1731945600482812345,"k":1,"z":"1"},"__proto__":{"y":1}}',
    );
  });

  it('carries the credentials of the URL, which are shown nowhere', async () => {
    const server = await other((_, response) => response.writeHead(401).end());
    const { code, stderr, stdout } = await run(['test-alert', '--url', `http://us%40er:pa%3Ass@${server.host}/secret`]);
    expect(code).toBe(1);
    expect(server.requests.map(({ url }) => url)).toEqual(['/metrics', '/secret']);
    for (const { headers } of server.requests)
      expect(headers.authorization).toBe(`Basic ${Buffer.from('us@er:pa:ss').toString('base64')}`);
    expect(stderr).toContain(`${server.url}/… refused the alert with 401`);
    expect(stdout + stderr).not.toMatch(/pa:ss|pa%3Ass|\/secret\n|\/secret /);
  });
});

describe('a server that knows its senders', () => {
  const SECRET = 'a-secret-of-many-characters';
  const send = (url: string, ...argv: string[]) =>
    run(['test-alert', '--wait', '0', '--url', url, ...argv], { token: `${SECRET}\n` });

  it('is sent a token, user and password, or a secret path', async () => {
    const auth = { tokens: [SECRET], basic: ['us@er:pass'], secret_paths: [`${SECRET}-2`] };
    const { url } = await talon({}, {}, undefined, { auth });
    expect((await send(url)).stderr).toMatch(/refused the alert with 401.*\n.*--token-file/);
    expect((await send(url, '--token-file', 'token')).code).toBe(0);
    expect((await send(url.replace('//', '//us%40er:pass@'))).code).toBe(0);
    const { code, stdout } = await send(`${url}/${SECRET}-2`);
    expect([code, stdout.includes(SECRET)]).toEqual([0, false]);
    expect((await send(`${url}/${SECRET}-2`, '-o', 'json')).stdout).not.toContain(SECRET);
  });

  it('may have its metrics elsewhere', async () => {
    const server = await other((_, response) => response.writeHead(202).end('{"id":"i","trace_id":"t"}'));
    const monitoring = await other((_, response) =>
      response.end('falcosecurity_falco_talon_events_total{result="accepted"} 1\n'),
    );
    const argv = ['test-alert', '--wait', '1', '--url', server.url];
    await run([...argv, '--metrics-url', monitoring.url]);
    expect(server.requests.map(({ url }) => url)).toEqual(['/']);
    expect(new Set(monitoring.requests.map(({ url }) => url))).toEqual(new Set(['/metrics']));
    const closed = await other(({ method }, response) =>
      response.writeHead(method === 'GET' ? 404 : 202).end('{"id":"i","trace_id":"t"}'),
    );
    expect((await run(['test-alert', '--url', closed.url])).stdout).toMatch(/answered 404; .*--metrics-url/);
  });
});

describe('what came of it', () => {
  it.each([
    [
      400,
      'invalid_event',
      '"rule" is missing',
      'Not a Falco alert: "rule" is missing (invalid_event)\nchange the alert as the server says',
    ],
    [503, 'queue_full', 'full', 'Service Unavailable: full (queue_full)\ntry again in 3 s'],
  ] as const)('refused with %j, in the words of the server', async (status, code, detail, words) => {
    const server = await talon();
    server.engine.answer = { kind: 'refused', status, code, detail, retryAfter: 2.5 };
    expect(await run(['test-alert', '--url', server.url])).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: ${server.url}/ refused the alert with ${status}: ${words}\n`,
    });
  });

  it('refused because it is too large', async () => {
    const server = await talon({ maxBodyBytes: 10 });
    expect((await run(['test-alert', '--url', server.url])).stderr).toMatch(/413: .*\n.*max_body_bytes/);
  });

  it.each([
    [302, { location: 'http://else/' }, '', 'it points to http://else'],
    [404, {}, '<html>', 'alerts are sent to the path /'],
    [403, {}, '', 'the server wants credentials'],
    [415, {}, '', 'Content-Type'],
    [429, { 'retry-after': '7' }, '', 'try again in 7 s'],
    [500, {}, '{"title":"\\u001b[31mred","detail":"\u202e"}', String.raw`\u{1b}[31mred: \u{202e}`],
    [202, {}, '{"id":1}', 'is it Falco Talon that listens there?'],
  ])('%j of something else', async (status, headers, body, words) => {
    const server = await other((_, response) => {
      response.writeHead(status, headers).end(body);
    });
    const { code, stderr, stdout } = await run(['test-alert', '--url', server.url]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(words);
    // Neither the redirect was followed nor anything tried again.
    expect(server.requests).toHaveLength(2);
  });

  it('no more of an endless answer than anybody reads', async () => {
    const server = await other((_, response) => {
      response.writeHead(500);
      const more = (): void =>
        void (response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more));
      more();
    });
    expect((await run(['test-alert', '--url', server.url, '--wait', '0'])).code).toBe(1);
  });

  it('unknown, where the metrics have a port of their own', async () => {
    const server = await other(({ method }, response) => {
      if (method === 'POST') response.writeHead(202).end('{"id":"i","trace_id":"t"}');
      else response.writeHead(404).end();
    });
    const { code, stdout } = await run(['test-alert', '--url', server.url]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'unknown: /metrics answered 404; when the server has a monitoring port, name it with --metrics-url\n',
    );
  });

  it('no answer: in words, with what to do', async () => {
    const host = await listening(createTcpServer());
    await closing.pop()!();
    expect((await run(['test-alert', '--url', `http://${host}`])).stderr).toBe(
      `error: http://${host}/: nothing listens on ${host}; start falco-talon server, or name its address with --url\n`,
    );
    const talonHost = new URL((await talon()).url).host;
    expect((await run(['test-alert', '--url', `https://${talonHost}`])).stderr).toContain(
      'does not speak TLS; use http://',
    );
    const rude = await listening(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect((await run(['test-alert', '--url', `http://${rude}`])).stderr).toContain('closed the connection');
    const json = await run(['test-alert', '--url', `http://${host}`, '-o', 'json']);
    expect({ code: json.code, stderr: json.stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      accepted: false,
      problem: expect.stringContaining('nothing listens'),
    });
  });
});

it.each([
  [['--url', 'ftp://x'], 2, "--url must be an address like http://127.0.0.1:2803, not 'ftp://x'"],
  [['--metrics-url', 'x'], 2, "--metrics-url must be an address like http://127.0.0.1:2803, not 'x'"],
  [['--token-file', 'no.token'], 1, 'no.token: there is no such file'],
  [['--token-file', 'empty'], 1, 'empty: this file holds no token'],
  [['--wait', '-1'], 2, "--wait must be a number of seconds, not '-1'"],
  [['--field', '=x'], 2, "--field must be name=value, not '=x'"],
  [['--event', 'no.json'], 1, 'no.json: there is no such file'],
  [['--event', 'list.json'], 1, 'list.json: one alert is needed, a JSON object; this is a list'],
  [['--event', 'bad.json'], 1, 'bad.json: '],
])('wrong input is said before anything is sent: %j', async (argv, code, words) => {
  const ran = await run(['test-alert', ...argv], { 'list.json': '[{}]', 'bad.json': '{', empty: '\n' });
  expect(ran).toMatchObject({ code, stdout: '' });
  expect(ran.stderr).toContain(words);
  expect(ran.stderr.trimEnd().split('\n')).toHaveLength(1);
});
