import { chmodSync, renameSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { asTalonError, errorText, fit, type Logger } from '@falco-talon/core';
import { pathText } from '@falco-talon/engine';
import { sendProblem, type Problem } from '../server/problem.ts';
import { readBody } from '../server/read-body.ts';
import { controlAddress } from './control-address.ts';
import { ANSWER_BYTES, REQUEST_BYTES, type ControlCall } from './control-call.ts';

/** Commands connected at a time. */
const CONNECTIONS = 16;
/** Time a command has for its request, and an idle one to go. Milliseconds. */
const REQUEST_TIME = 10_000;

export interface ControlServerOptions {
  readonly directory: string;
  readonly calls: readonly ControlCall[];
  readonly logger: Logger;
}

export interface ControlServer {
  /** Never rejects. */
  close(): Promise<void>;
}

/**
 * Takes commands on a socket in the data directory that only its owner can open: who can do that can read the queue itself.
 * A server that cannot have one runs without: it is no reason not to react to alerts.
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { directory, logger } = options;
  const address = controlAddress(directory);
  const without = (reason: string): ControlServer => {
    logger.warn('commands cannot talk to this server', { reason });
    return { close: async () => {} };
  };
  if ('problem' in address) return without(address.problem);
  if (await isAnswered(address.path)) {
    return without(`another server answers at ${address.path}; give this one a data_directory of its own`);
  }
  const server = createServer(
    { maxHeaderSize: 8 * 1024, requestTimeout: REQUEST_TIME, headersTimeout: REQUEST_TIME, keepAliveTimeout: 1_000 },
    listener(options),
  );
  server.maxConnections = CONNECTIONS;
  try {
    await listen(server, address.path);
  } catch (error) {
    return without(`${address.path}: ${errorText(error)}`);
  }
  server.on('error', (error) => logger.error('the control socket failed', { error: error.message }));
  return {
    async close() {
      if (process.platform !== 'win32') remove(address.path);
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The next start replaces it.
  }
}

/** A socket that a killed server left behind is answered by nobody. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.on('connect', () => settle(true)).on('error', () => settle(false));
  });
}

/** Under another name first: it is nobody else's from the moment it has its own, and replaces what was left there. */
async function listen(server: Server, path: string): Promise<void> {
  const isPipe = process.platform === 'win32';
  const fresh = isPipe ? path : path.replace(/sock$/, 'new');
  if (!isPipe) rmSync(fresh, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(fresh, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  if (isPipe) return;
  try {
    chmodSync(fresh, 0o600);
    renameSync(fresh, path);
  } catch (error) {
    server.close();
    throw error;
  }
}

function listener({ calls, logger }: ControlServerOptions) {
  const budget = { limit: CONNECTIONS * REQUEST_BYTES, used: 0 };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = calls.find(({ name }) => request.url === `/${name}`);
    if (!call || request.method !== 'POST') return sendProblem(response, UNKNOWN, { close: true });
    const body = await readBody(request, REQUEST_BYTES, budget);
    if (body === 'aborted') return;
    if (typeof body === 'string') return sendProblem(response, badRequest('it is too large'), { close: true });
    const input = inputOf(call, body);
    if (typeof input === 'string') return sendProblem(response, badRequest(input));
    const text = JSON.stringify((await call.run(input.value)) ?? null);
    const length = Buffer.byteLength(text);
    if (length > ANSWER_BYTES) return sendProblem(response, badRequest('the answer is too large to be sent'));
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': length });
    response.end(text);
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((thrown: unknown) => {
      const { code, message } = asTalonError(thrown);
      logger.error('a command failed', { call: request.url?.slice(0, 100), code, error: message });
      sendProblem(response, { status: 503, title: 'Service Unavailable', detail: message, code });
    });
  };
}

function inputOf(call: ControlCall, body: Buffer): { readonly value: never } | string {
  let given: unknown;
  try {
    given = JSON.parse(body.toString());
  } catch {
    return 'it is no JSON';
  }
  const { value, issues } = fit(call.input, given);
  const [issue] = issues;
  return issue ? `${pathText(issue.path)}: ${issue.message}` : { value: value as never };
}

const UNKNOWN: Problem = {
  status: 404,
  title: 'Not Found',
  detail: 'this server does not know the call: it is of another version than the command',
  code: 'not_found',
};

function badRequest(detail: string): Problem {
  return { status: 400, title: 'Bad Request', detail: `the call cannot be answered: ${detail}`, code: 'rejected' };
}
