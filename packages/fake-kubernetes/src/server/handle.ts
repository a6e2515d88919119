import { setTimeout as delay } from 'node:timers/promises';
import type { IncomingMessage } from 'node:http';
import { ServerResponse } from 'node:http';
import { Readable, type Duplex } from 'node:stream';
import { authenticate } from '../access/authenticate.ts';
import { forbidden, forbiddenPath, mayDo, mayGetPath } from '../access/authorize.ts';
import type { User, Users } from '../access/users.ts';
import type { Faults, Strike } from '../faults/faults.ts';
import { faultAnswer } from '../faults/faults.ts';
import type { Journal, ReceivedRequest } from '../faults/journal.ts';
import { discovery } from '../operations/discovery.ts';
import { NOT_FOUND_PAGE, operate, resourceOfTarget } from '../operations/operate.ts';
import type { Pages } from '../operations/pages.ts';
import { servedResources } from '../resources/served.ts';
import type { Answer } from './answer.ts';
import { Refusal, refuse } from './answer.ts';
import { internalError } from './refusals.ts';
import type { ApiRequest, Cluster } from './request.ts';
import type { Route } from './route.ts';
import { parseRoute } from './route.ts';
import { writeAnswer } from './write-answer.ts';

/** The real server's limit for a body. */
const BODY_LIMIT = 3 * 1024 * 1024;
const NO_BODY = Buffer.alloc(0);

export interface Deps {
  readonly cluster: Cluster;
  readonly pages: Pages;
  readonly users: Users;
  readonly faults: Faults;
  readonly journal: Journal;
  /** `127.0.0.1:6443`, as discovery shows it. */
  readonly address: () => string;
  readonly connectionOf: (request: IncomingMessage) => number;
  readonly reset: (request: IncomingMessage) => void;
  readonly vanish: (request: ReceivedRequest) => void;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_LIMIT) chunks.push(chunk);
  }
  if (size > BODY_LIMIT) {
    throw refuse({
      code: 413,
      reason: 'RequestEntityTooLarge',
      message: `Request entity too large: limit is ${BODY_LIMIT}`,
    });
  }
  return Buffer.concat(chunks);
}

function journalBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  const text = body.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function attempt<T>(run: () => T): T | Refusal {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

interface Arrived {
  readonly request: IncomingMessage;
  readonly route: Route;
  readonly user: User | Refusal;
  readonly body: Buffer;
}

function received(deps: Deps, arrived: Arrived, id: number): ReceivedRequest {
  const { request, route, user, body } = arrived;
  const target = route.target;
  return {
    id,
    connection: deps.connectionOf(request),
    method: request.method ?? '',
    path: (request.url ?? '').split('?', 1)[0] ?? '',
    query: Object.fromEntries(route.query),
    ...(target?.subresource === 'exec' ? { command: route.query.getAll('command') } : {}),
    headers: request.headers,
    user: user instanceof Refusal ? '' : user.name,
    verb: route.verb,
    group: target?.group ?? '',
    resource: target?.resource ?? '',
    subresource: target?.subresource ?? '',
    namespace: target?.namespace ?? '',
    name: target?.name ?? '',
    body: journalBody(body),
    status: 0,
  };
}

function respond(deps: Deps, arrived: Arrived): Answer {
  const { request, route, user, body } = arrived;
  const { cluster } = deps;
  if (user instanceof Refusal) throw user;
  const { path, target, verb } = route;
  if (target === undefined) {
    if (!mayGetPath(cluster.store, user, verb, path)) throw forbiddenPath(user, verb, path);
    const rows = servedResources(cluster.store);
    const known = path.replace(/(?<=.)\/$/, '');
    return discovery(known, request.headers.accept ?? '', rows, deps.address()) ?? NOT_FOUND_PAGE;
  }
  const asked = { ...target, verb };
  if (!mayDo(cluster.store, user, asked)) throw forbidden(user, asked);
  const resource = resourceOfTarget(cluster, target);
  if ('status' in resource) return resource;
  const { namespace, name, subresource } = target;
  const { method = '', headers } = request;
  const api: ApiRequest = {
    method,
    path,
    query: route.query,
    headers,
    user,
    body,
    verb,
    resource,
    namespace,
    name,
    subresource,
  };
  return operate(cluster, deps.pages, api);
}

function answerTo(deps: Deps, arrived: Arrived): Answer {
  try {
    return respond(deps, arrived);
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    return internalError(`fake-kubernetes failed: ${String(error)}`).answer;
  }
}

/** What happens before the request is handled: the answer of a fault, `cut` when there will be none. */
async function before(
  deps: Deps,
  request: IncomingMessage,
  strikes: readonly Strike[],
): Promise<Answer | 'cut' | undefined> {
  for (const { fault, released } of strikes) {
    switch (fault.kind) {
      case 'latency':
        await delay(fault.ms, undefined, { ref: false });
        break;
      case 'hold':
        await released;
        break;
      case 'hang':
        return 'cut';
      case 'reset':
        deps.reset(request);
        return 'cut';
      case 'status':
        return faultAnswer(fault);
      default:
    }
  }
  return undefined;
}

export interface Handler {
  request(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** A request that asks for another protocol. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

export function createHandler(deps: Deps): Handler {
  let count = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse, head?: Buffer): Promise<void> => {
    const route = parseRoute(request.method ?? '', request.url ?? '');
    const user = attempt(() => authenticate(request, deps.users));
    let body: Buffer;
    try {
      body = head === undefined ? await readBody(request) : NO_BODY;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      writeAnswer(response, error.answer, false);
      return;
    }
    const arrived = { request, route, user, body };
    const entry = received(deps, arrived, ++count);
    const strikes = deps.faults.strike(entry);
    deps.journal.add(entry);
    const struck = await before(deps, request, strikes);
    if (struck === 'cut') return;
    const answer = struck ?? answerTo(deps, arrived);
    const unanswered = strikes.find(({ fault }) => fault.kind === 'lost-answer' || fault.kind === 'no-answer');
    if (unanswered !== undefined) {
      if (answer.body instanceof Readable) answer.body.destroy();
      answer.upgrade?.(undefined);
      if (unanswered.fault.kind === 'lost-answer') deps.reset(request);
      return;
    }
    entry.status = answer.status;
    if (strikes.some(({ fault }) => fault.kind === 'vanish')) deps.vanish(entry);
    if (answer.upgrade !== undefined && head !== undefined) {
      const { socket } = request;
      response.detachSocket(socket);
      answer.upgrade({ request, socket, head });
      return;
    }
    const pretty = route.query.get('pretty') ?? '';
    writeAnswer(response, answer, pretty === 'true' || pretty === '1');
  };
  return {
    request: (request, response) => handle(request, response),
    upgrade(request, socket, head) {
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.assignSocket(request.socket);
      response.once('finish', () => socket.end());
      return handle(request, response, head);
    },
  };
}
