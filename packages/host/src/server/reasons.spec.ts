import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DOOR_REASONS } from '../door/admission.ts';
import { ENGINE_REASONS, SERVER_REASONS } from './reasons.ts';
import { alert, json, post, testServer, type TestServer } from './testing-server.ts';

const open: TestServer[] = [];
async function started(...options: Parameters<typeof testServer>): Promise<TestServer> {
  const server = await testServer(...options);
  open.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});

it('each reason is explained in the documentation, and no other', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../../docs/authentication.md'), 'utf8');
  const [, table] = /^\| reason +\| status[^]*?\n((?:\|.*\n)+)/m.exec(page)!;
  const rows = table!.split('\n').map((row) => row.split('|')[1] ?? '');
  const explained = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, reason]) => reason));
  expect(explained.toSorted()).toEqual([...DOOR_REASONS, ...SERVER_REASONS, ...ENGINE_REASONS].toSorted());
});

describe('an overload is counted by its reason, and says when to come again', () => {
  const refusedBy = async (server: TestServer) => {
    const { status, headers } = await post(server, alert);
    return { status, reason: server.reasons.at(-1), again: headers.get('retry-after') };
  };

  it('of one sender', async () => {
    const server = await started({}, {}, undefined, { senderRate: 1 });
    await post(server, alert);
    expect(await refusedBy(server)).toEqual({ status: 429, reason: 'sender_too_fast', again: '1' });
  });
  it('of the queue', async () => {
    const server = await started();
    for (const [code, retryAfter, again] of [
      ['queue_full', 7, '7'],
      ['queue_failed', undefined, '5'],
    ] as const) {
      server.engine.answer = { kind: 'refused', status: 503, code, detail: '', ...(retryAfter && { retryAfter }) };
      expect(await refusedBy(server)).toEqual({ status: 503, reason: code, again });
    }
  });
  it('of alerts that wait for the queue', async () => {
    const server = await started({ maxInFlight: 1 });
    const { promise, resolve } = Promise.withResolvers<Awaited<typeof server.engine.answer>>();
    const accepted = await server.engine.answer;
    server.engine.answer = promise;
    const first = post(server, alert);
    while (server.engine.bodies.length === 0) await new Promise(setImmediate);
    expect(await refusedBy(server)).toEqual({ status: 503, reason: 'in_flight', again: '1' });
    resolve(accepted);
    await first;
  });
  it('of bytes being received', async () => {
    const server = await started({ maxBufferedBytes: 5 });
    expect(await refusedBy(server)).toEqual({ status: 503, reason: 'buffered', again: '1' });
  });
  it('of a process that stops', async () => {
    const server = await started();
    server.stopping = true;
    expect(await refusedBy(server)).toEqual({ status: 503, reason: 'stopping', again: '5' });
  });
  it('and what is no alert is told apart from it', async () => {
    const server = await started();
    const wrong = await post(server, alert, { ...json, 'content-type': 'image/png' });
    expect([wrong.status, server.reasons.at(-1), wrong.headers.get('retry-after')]).toEqual([415, 'media_type', null]);
  });
});
