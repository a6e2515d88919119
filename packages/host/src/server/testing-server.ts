import { connect } from 'node:net';
import { silentLogger } from '@falco-talon/core';
import { watchFiles, type Engine, type IncomingHeaders, type IngestAnswer, type ReadyCheck } from '@falco-talon/engine';
import { openDoor, type DoorDeps, type DoorSettings } from '../door/door.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { createEntrance } from './entrance.ts';
import { createIntake, type IntakeLimits } from './intake.ts';
import { MONITORING_PATHS } from './monitoring-paths.ts';
import type { Problem } from './problem.ts';
import { createRoutes } from './routes.ts';
import { startServer, type RunningServer, type ServerSettings } from './server.ts';

/** An engine that answers what a spec tells it to, and remembers what it was given. */
export interface FakeEngine extends Pick<Engine, 'ingest' | 'ready'> {
  readonly bodies: { readonly body: Buffer; readonly headers: IncomingHeaders }[];
  answer: IngestAnswer | Promise<IngestAnswer>;
  checks: readonly ReadyCheck[] | Promise<readonly ReadyCheck[]>;
  readyCalls: number;
}

function fakeEngine(): FakeEngine {
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
  /** And why. */
  readonly reasons: string[];
  /** What the door has to say: text and reason. */
  readonly doorLines: string[];
  /** Why connections were ended. */
  readonly connectionReasons: string[];
  metricsCalls: number;
  /** Requests the watchdog was told of. */
  aliveCalls: number;
  stopping: boolean;
  time: number;
}

/** Milliseconds since the epoch, where the clock of a test begins. */
export const NOW = 1_800_000_000_000;

type DoorInput = Partial<Omit<DoorSettings, 'auth' | 'tls'>> & {
  readonly auth?: Partial<DoorSettings['auth']>;
  readonly tls?: Partial<DoorSettings['tls']>;
  /** In place of the real one. */
  readonly watch?: DoorDeps['watch'];
};

const OPEN: DoorSettings = {
  auth: {
    tokens: [],
    token_files: [],
    basic: [],
    basic_files: [],
    secret_paths: [],
    secret_path_files: [],
    hmac_keys: [],
    hmac_key_files: [],
    hmac_tolerance_seconds: 300,
    allowed_senders: [],
  },
  tls: { cert_file: '', key_file: '', client_ca_file: '', client_names: [] },
  senderRate: 0,
  openPaths: MONITORING_PATHS,
  dataDirectory: undefined,
};

/** The server as it runs, on a free port of loopback, with a fake engine behind it. */
export async function testServer(
  limits: Partial<IntakeLimits> = {},
  settings: Partial<ServerSettings> = {},
  engine: FakeEngine = fakeEngine(),
  door: DoorInput = {},
): Promise<TestServer> {
  const state = { stopping: false, time: 0, metricsCalls: 0, aliveCalls: 0 };
  const metrics = createMetrics();
  const counted = { ...metrics, text: () => (state.metricsCalls++, metrics.text()) };
  const refused: number[] = [];
  const reasons: string[] = [];
  const connectionReasons: string[] = [];
  const doorLines: string[] = [];
  const told = (text: string, fields?: object) => void doorLines.push(`${text} ${JSON.stringify(fields)}`);
  const requestRefused = ({ status, code }: Pick<Problem, 'status' | 'code'>) => {
    refused.push(status);
    reasons.push(code);
  };
  const common = { engine, logger: silentLogger, stopping: () => state.stopping };
  const intake = createIntake({
    ...common,
    limits: { maxBodyBytes: 1000, maxInFlight: 10, maxBufferedBytes: 10_000, ...limits },
    refused: requestRefused,
  });
  let server: RunningServer | undefined;
  const opened = await openDoor(
    { ...OPEN, ...door, auth: { ...OPEN.auth, ...door.auth }, tls: { ...OPEN.tls, ...door.tls } },
    {
      logger: { ...silentLogger, info: told, warn: told, error: told },
      watch: door.watch ?? watchFiles,
      renewed: (material) => server?.renew(material),
      monotonic: () => state.time,
      now: () => NOW + state.time,
    },
  );
  const routes = createRoutes({ ...common, metrics: counted, now: () => state.time });
  const running = await startServer(
    {
      address: '127.0.0.1',
      port: 0,
      maxConnections: 100,
      maxConnectionsPerSender: 100,
      headersTimeout: 60_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 60_000,
      ...settings,
    },
    {
      handle: createEntrance({ door: opened, intake, routes, refused: requestRefused }),
      tls: opened.tls,
      logger: silentLogger,
      alive: () => state.aliveCalls++,
      counts: { requestRefused, connectionRefused: (reason) => connectionReasons.push(reason) },
    },
  );
  server = running;
  const close = async (grace: number) => {
    await running.close(grace);
    await opened.close(1_000);
  };
  const scheme = opened.tls ? 'https' : 'http';
  return Object.assign(state, running, {
    engine,
    refused,
    reasons,
    connectionReasons,
    doorLines,
    close,
    url: `${scheme}://127.0.0.1:${running.port}`,
  });
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
