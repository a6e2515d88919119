import { connect } from 'node:net';
import { silentLogger } from '@falco-talon/core';
import type { Engine, IncomingHeaders, IngestAnswer, ReadyCheck } from '@falco-talon/engine';
import { createMetrics } from '../metrics/metrics.ts';
import { createIntake, type IntakeLimits } from './intake.ts';
import { createRoutes } from './routes.ts';
import { startServer, type RunningServer, type ServerSettings } from './server.ts';

/** An engine that answers what a spec tells it to, and remembers what it was given. */
export interface FakeEngine extends Pick<Engine, 'ingest' | 'ready'> {
  readonly bodies: { readonly body: Buffer; readonly headers: IncomingHeaders }[];
  answer: IngestAnswer | Promise<IngestAnswer>;
  checks: readonly ReadyCheck[] | Promise<readonly ReadyCheck[]>;
  readyCalls: number;
}

export function fakeEngine(): FakeEngine {
  return {
    bodies: [],
    answer: { kind: 'accepted', id: 'id-1', traceId: 'a'.repeat(32), duplicate: false },
    checks: [{ name: 'queue', ok: true }],
    readyCalls: 0,
    async ingest(body, headers) {
      this.bodies.push({ body: Buffer.from(body), headers });
      return this.answer;
    },
    async ready() {
      this.readyCalls++;
      return this.checks;
    },
  };
}

export interface TestServer extends RunningServer {
  readonly engine: FakeEngine;
  readonly url: string;
  /** Statuses of refused requests. */
  readonly refused: number[];
  connectionsRefused: number;
  metricsCalls: number;
  /** Requests the watchdog was told of. */
  aliveCalls: number;
  stopping: boolean;
  time: number;
}

/** The server as it runs, on a free port of loopback, with a fake engine behind it. */
export async function testServer(
  limits: Partial<IntakeLimits> = {},
  settings: Partial<ServerSettings> = {},
  engine: FakeEngine = fakeEngine(),
): Promise<TestServer> {
  const state = { stopping: false, time: 0, connectionsRefused: 0, metricsCalls: 0, aliveCalls: 0 };
  const metrics = createMetrics();
  const counted = { ...metrics, text: () => (state.metricsCalls++, metrics.text()) };
  const refused: number[] = [];
  const common = { engine, logger: silentLogger, stopping: () => state.stopping };
  const intake = createIntake({
    ...common,
    limits: { maxBodyBytes: 1000, maxInFlight: 10, maxBufferedBytes: 10_000, ...limits },
    refused: (status) => refused.push(status),
  });
  const routes = createRoutes({ ...common, metrics: counted, now: () => state.time });
  const server = await startServer(
    {
      address: '127.0.0.1',
      port: 0,
      maxConnections: 100,
      headersTimeout: 60_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 60_000,
      ...settings,
    },
    {
      intake,
      routes,
      logger: silentLogger,
      alive: () => state.aliveCalls++,
      counts: { requestRefused: (status) => refused.push(status), connectionRefused: () => state.connectionsRefused++ },
    },
  );
  return Object.assign(state, server, { engine, refused, url: `http://127.0.0.1:${server.port}` });
}

/** Sends bytes as they are and returns everything that comes back until the server closes the connection. */
export function raw(port: number, ...parts: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => parts.forEach((part) => socket.write(part)));
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });
}

export const json = { 'content-type': 'application/json' };
export const alert = '{"rule":"x"}';

export function post(
  server: TestServer,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = json,
  path = '/',
): Promise<Response> {
  return fetch(`${server.url}${path}`, { method: 'POST', body, headers });
}
