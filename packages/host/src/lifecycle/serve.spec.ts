import { EventEmitter } from 'node:events';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CONFIG, served, type Line } from './testing-served.ts';
import { run, RULES } from '../cli/testing-program.ts';

describe('the server', () => {
  it('runs an alert through the rules and stops with 0', async () => {
    const { signals, ran, line } = served([]);
    const { port } = await line({ message: 'server started', mode: 'enforce', queue: 'memory' });
    const url = `http://127.0.0.1:${String(port)}`;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const alert = await fetch(url, {
      method: 'POST',
      body: '{"Rule":"Terminal shell in container","priority":"notice"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(alert.status).toBe(202);
    const { trace_id } = (await alert.json()) as { trace_id: string };
    await line({ message: 'action', trace_id, status: 'success', result: 'hello' });
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
      /actions_total\{rule="Shell",action="Note it",status="success",actionner="test:note",category="test"\} 1/,
    );
    signals.emit('SIGTERM');
    await line({ message: 'server stopped' });
    expect(await ran).toMatchObject({ code: 0, stderr: '' });
    await expect(fetch(url)).rejects.toThrow();
  });

  it('changes nothing with --dry-run', async () => {
    const { signals, ran, line } = served(['--dry-run']);
    const { port } = await line({ message: 'server started', mode: 'observe' });
    await fetch(`http://127.0.0.1:${String(port)}`, { method: 'POST', body: '{"rule":"Terminal shell in container"}' });
    await line({ message: 'action', status: 'dry_run' });
    signals.emit('SIGINT');
    expect((await ran).code).toBe(0);
  });

  it('ends cleanly when told to stop while it starts', async () => {
    const { signals, ran, lines } = served([]);
    while (signals.listenerCount('SIGTERM') === 0) await delay(1);
    signals.emit('SIGTERM');
    expect(await ran).toMatchObject({ code: 0, stderr: '' });
    expect(lines().map(({ message }) => message)).not.toContain('server started');
  });

  it('ends cleanly when told to stop before it has read its config', async () => {
    const signals = new EventEmitter();
    const ran = run(['server'], { 'config.yaml': CONFIG, 'rules.yaml': RULES }, { signals });
    expect(signals.listenerCount('SIGTERM')).toBe(1);
    signals.emit('SIGTERM');
    expect(await ran).toMatchObject({
      code: 0,
      stdout: expect.not.stringContaining('server started'),
      stderr: '',
    });
    expect(signals.listenerCount('SIGTERM')).toBe(0);
  });

  it('reports rules it cannot start with, without a stack', async () => {
    const { ran } = served([], { 'rules.yaml': RULES.replace('test:note', 'test:not') });
    const { code, stderr } = await ran;
    expect(code).toBe(1);
    expect(stderr).toMatch(/rules\.yaml:5:18: error: .*did you mean test:note\?/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('says why the data directory cannot be used', async () => {
    const { ran } = served(['-c', 'other.yaml'], { 'other.yaml': CONFIG.replace('data\n', 'other.yaml/data\n') });
    expect(await ran).toMatchObject({ code: 1, stderr: expect.stringMatching(/^data_directory: .*cannot be used/) });
  });
});

describe('malformed bodies', () => {
  const alert = '{"rule":"Terminal shell in container","output_fields":{"a":1}}';
  const bodies = [
    '',
    'null',
    'true',
    '42',
    '"text"',
    '[]',
    '[{"rule":"x"}]',
    '{}',
    '{"rule":',
    '{"rule":1}',
    '{"rule":null}',
    '{"rule":""}',
    '{"rule":["x"]}',
    '{"rule":"x","output_fields":[1]}',
    '{"rule":"x","output_fields":"a"}',
    '{"rule":"x","tags":{}}',
    '{"rule":"x","tags":"a"}',
    '{"rule":"x","priority":{}}',
    '{"rule":"x","time":[]}',
    '{"rule":"x","source":{}}',
    '{"rule":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    '{"rule":"x","output_fields":{"__proto__":{"polluted":1},"toString":1}}',
    '{"rule":"x","rule":"y","Rule":"z"}',
    '{"rule":"x","output_fields":{"n":1e309,"m":-1e309,"k":123456789012345678901234567890}}',
    '{"rule":"\\ud800","output":"\\udfff"}',
    '{"rule":"x\\u0000","hostname":"\\u0000"}',
    `${'['.repeat(200_000)}`,
    `{"rule":"x","output_fields":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
    '\u{FEFF}{"rule":"x"}',
    '{"rule":"x"}}',
    "{'rule':'x'}",
    '{"rule":"x","time":"not a time"}',
  ].map((text) => Buffer.from(text));
  const garbled = [
    Buffer.from([0xff, 0xfe, 0x00]),
    Buffer.from([0x7b, 0xc3, 0x28, 0x7d]),
    Buffer.alloc(1000),
    Buffer.from(alert, 'utf16le'),
  ];

  it('get a 4xx or are accepted, and leave the process as it was', { timeout: 20_000 }, async () => {
    const { signals, ran, line } = served([]);
    const { port } = await line({ message: 'server started' });
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const post = (body: Buffer) =>
      new Promise<number>((resolve, reject) => {
        const sent = request(
          {
            agent,
            port: port as number,
            host: '127.0.0.1',
            method: 'POST',
            headers: { 'content-length': body.length },
          },
          (response) => {
            response.resume().on('end', () => resolve(response.statusCode!));
          },
        );
        sent.on('error', reject).end(body);
      });
    const cuts = Array.from({ length: alert.length }, (_, length) => Buffer.from(alert.slice(0, length)));
    const all = [...bodies, ...garbled, ...cuts];
    const small = all.filter(({ length }) => length < 10_000);
    const statuses = await Promise.all(
      [...all, ...Array.from({ length: 500 }, (_, n) => small[n % small.length]!)].map(post),
    );
    expect(new Set(statuses)).toEqual(new Set([202, 400]));
    expect(statuses.slice(all.length - cuts.length, all.length)).not.toContain(202);
    expect(({} as Line)['polluted']).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(await post(Buffer.from(alert))).toBe(202);
    await line({ message: 'action', status: 'success', event: 'Terminal shell in container' });
    agent.destroy();
    signals.emit('SIGTERM');
    expect(await ran).toMatchObject({ code: 0, stderr: '' });
  });
});

it('keeps its data beside the config when the path is relative', async () => {
  const { signals, ran, line } = served([]);
  const { data_directory } = await line({ message: 'server started' });
  expect(String(data_directory)).toMatch(new RegExp(`^${join(tmpdir(), 'talon-cli-')}.*/data$`));
  signals.emit('SIGTERM');
  await ran;
});
