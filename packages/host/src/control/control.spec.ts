import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, strictObject, TalonError, Type } from '@falco-talon/core';
import { testScope } from '@falco-talon/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controlAddress } from './control-address.ts';
import { controlCall, REQUEST_BYTES } from './control-call.ts';
import { callControl } from './control-client.ts';
import { startControlServer, type ControlServer } from './control-server.ts';

const calls = [
  controlCall({
    name: 'echo',
    input: strictObject({ text: Type.String() }),
    run: async ({ text }) => ({ text }),
  }),
  controlCall({
    name: 'fail',
    input: strictObject({}),
    run: () => Promise.reject(new TalonError('queue_full', 'it is full')),
  }),
];

describe.skipIf(process.platform === 'win32')('control socket', () => {
  let directory: string;
  let path: string;
  const open: ControlServer[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'control-'));
    path = join(directory, 'control.sock');
  });
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
    rmSync(directory, { recursive: true });
  });

  async function start(logger = silentLogger, where = directory): Promise<ControlServer> {
    const server = await startControlServer({ directory: where, calls, logger });
    open.push(server);
    return server;
  }

  it('answers calls, with errors as the server words them', async () => {
    expect(await callControl(path, 'echo', { text: 'x' })).toBeUndefined();
    const server = await start();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await callControl(path, 'echo', { text: 'ü\u0000\ud800' })).toEqual({ text: 'ü\u0000\ud800' });
    await expect(callControl(path, 'fail', {})).rejects.toMatchObject({ code: 'queue_full', message: 'it is full' });
    await expect(callControl(path, 'echo', { text: {} })).rejects.toThrow('the call cannot be answered: text:');
    await expect(callControl(path, 'later', {})).rejects.toThrow('it is of another version than the command');
    await server.close();
    expect(await callControl(path, 'echo', { text: 'x' })).toBeUndefined();
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  it('replaces what a killed server left, and leaves one that is answered alone', async () => {
    writeFileSync(path, 'left');
    writeFileSync(join(directory, 'control.new'), 'left');
    await start();
    const { logger, lines } = testScope();
    await (await startControlServer({ directory, calls, logger })).close();
    expect(lines).toMatchObject([
      { level: 'warn', fields: { reason: expect.stringContaining('give this one a data_directory of its own') } },
    ]);
    expect(await callControl(path, 'echo', { text: 'still' })).toEqual({ text: 'still' });
  });

  it('is none where the path is too long: a warning, and nothing else is lost', async () => {
    const deep = join(directory, 'd'.repeat(100));
    mkdirSync(deep);
    expect(controlAddress(deep)).toEqual({
      problem: expect.stringMatching(/\d+ bytes too long .* set data_directory/),
    });
    const { logger, lines } = testScope();
    await start(logger, deep);
    expect(lines).toMatchObject([{ level: 'warn', message: 'commands cannot talk to this server' }]);
  });

  it('takes no call without an end', async () => {
    await start();
    const status = await new Promise<number>((resolve, reject) => {
      const asked = request({ socketPath: path, path: '/echo', method: 'POST' }, (response) => {
        resolve(response.statusCode ?? 0);
        asked.destroy();
      });
      asked.on('error', reject);
      asked.write(Buffer.alloc(REQUEST_BYTES + 1, ' '));
    });
    expect(status).toBe(400);
    const many = Array.from({ length: 20 }, () => connect(path));
    const refused = await Promise.race(
      many.map(
        (socket) => new Promise<boolean>((resolve) => socket.on('close', () => resolve(true)).on('error', () => {})),
      ),
    );
    expect(refused).toBe(true);
    for (const socket of many) socket.destroy();
  });

  it.each([
    ['no HTTP', 'nonsense\r\n\r\n'],
    ['no JSON', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{'],
    ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{'],
  ])('says so when what answers is no server: %s', async (_, answer) => {
    const server = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end(answer),
    );
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await expect(callControl(path, 'echo', { text: 'x' })).rejects.toMatchObject({
      code: 'outcome_unknown',
      message: expect.stringContaining('gave no answer that can be read'),
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('is a pipe of its own on Windows', () => {
    const address = controlAddress('C:\\data', 'win32');
    expect(address).toEqual({ path: expect.stringMatching(/^\\\\\.\\pipe\\falco-talon-[0-9a-f]{32}$/) });
    expect(controlAddress('C:\\other', 'win32')).not.toEqual(address);
  });
});
