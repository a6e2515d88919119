import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import {
  defineActionner,
  defineClient,
  podTarget,
  POD_FIELDS,
  strictObject,
  TalonError,
  Type,
} from '@falco-talon/core';
import { auditEvent, falcoEvent } from '../events/falco-event.ts';
import { testActionner } from './actionner-suite.ts';

/** A service with one switch: GET tells its position, PUT sets it. */
const world = { position: 'off', writes: 0, hanging: false, held: [] as ServerResponse[], reached: () => {} };
const server = createServer((request, response) => {
  const answer = () => {
    if (request.method === 'PUT') {
      world.writes++;
      world.position = request.url!.slice(1);
    }
    response.end(world.position);
  };
  if (!world.hanging) return answer();
  world.held.push(response);
  world.reached();
});
beforeAll(async () => await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Switch extends SwitchReads {
  readonly put: (position: string, signal: AbortSignal) => Promise<string>;
}
interface SwitchReads {
  readonly get: (signal: AbortSignal) => Promise<string>;
}

const client = defineClient({
  id: 'switch',
  section: 'switch',
  settings: strictObject({ url: Type.String({ description: 'Where it is.' }) }),
  async create({ settings }): Promise<Switch> {
    const call = async (method: string, path: string, signal: AbortSignal) => {
      try {
        const response = await fetch(settings.url + path, { method, signal, headers: { connection: 'close' } });
        return await response.text();
      } catch (cause) {
        if (signal.aborted) throw signal.reason;
        throw new TalonError('unavailable', 'the switch does not answer', { cause, retryable: true });
      }
    };
    return { get: (signal) => call('GET', '', signal), put: (position, signal) => call('PUT', position, signal) };
  },
  reads: ({ get }): SwitchReads => ({ get }),
});

const flip = defineActionner({
  name: 'flip',
  description: 'Flips the switch.',
  stability: 'stable',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'allowed',
  parameters: strictObject({ to: Type.String({ description: 'The position.', default: 'on' }) }),
  uses: { client },
  facts: strictObject({ was: Type.String() }),
  requiredFields: POD_FIELDS,
  idempotent: true,
  permissions: [],
  examples: [
    { description: 'On', parameters: { to: 'on' } },
    { description: 'Half', parameters: { to: 'half' } },
  ],
  target: ({ event }) => podTarget(event),
  check: async ({ reads, signal }) => ({ facts: { was: await reads.client.get(signal) } }),
  preview: async ({ facts, parameters }) => `would flip from ${facts.was} to ${parameters.to}`,
  async run({ clients, parameters, facts, signal, hasOutput, keep }) {
    await clients.client.put(parameters.to, signal);
    if (hasOutput) await keep({ name: 'was.txt', mediaType: 'text/plain' }, one(facts.was));
    return { status: 'success', message: `flipped from ${facts.was} to ${parameters.to}` };
  },
  settled: async ({ reads, parameters, signal }) =>
    (await reads.client.get(signal)) === parameters.to ? 'done' : 'again',
  async undo({ clients, facts, signal }) {
    await clients.client.put(facts.was, signal);
    return { status: 'success', message: `flipped back to ${facts.was}` };
  },
});

async function* one(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

testActionner(flip, {
  events: [falcoEvent(), auditEvent()],
  settings: () => ({ switch: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` } }),
  prepare: () => void Object.assign(world, { position: 'off', hanging: false }),
  snapshot: () => ({ position: world.position, writes: world.writes }),
  hang() {
    world.hanging = true;
    return {
      reached: new Promise<void>((resolve) => (world.reached = resolve)),
      release() {
        world.hanging = false;
        for (const response of world.held.splice(0)) response.destroy();
      },
    };
  },
});
