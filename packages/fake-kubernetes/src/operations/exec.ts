import { mayDo } from '../access/authorize.ts';
import { chooseProtocol } from '../exec/protocols.ts';
import { serveExec } from '../exec/serve-exec.ts';
import { at, quote, textAt } from '../json.ts';
import type { Answer } from '../server/answer.ts';
import { refuse } from '../server/answer.ts';
import { badRequest, internalError, notFound } from '../server/refusals.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import { chooseContainer, environmentOf, statusOf } from './pod-containers.ts';

/** The kubelet's own answers are plain text without the server's usual headers. */
const PLAIN = { 'content-type': 'text/plain; charset=utf-8' };

function flagOf(request: ApiRequest, name: string): boolean {
  return ['1', 'true'].includes(request.query.get(name) ?? '');
}

/** Running a command is a `create`, whatever the method; the server says nothing of why it refuses. */
function checkCreate(cluster: Cluster, request: ApiRequest): void {
  const { resource, namespace, name, subresource, user } = request;
  const asked = { verb: 'create', group: '', resource: resource.plural, subresource, namespace, name };
  if (mayDo(cluster.store, user, asked)) return;
  throw refuse({
    code: 403,
    reason: 'Forbidden',
    message: `pods ${quote(name)} is forbidden: `,
    details: { name, kind: 'pods' },
  });
}

/** Running a command in a container: a WebSocket, or what the server says instead. */
export function exec(cluster: Cluster, request: ApiRequest): Answer {
  const { resource, namespace, name, query, headers, method } = request;
  checkCreate(cluster, request);
  const pod = cluster.store.get(resource, namespace, name);
  if (pod === undefined) throw notFound(resource, name);
  const container = chooseContainer(pod, query.get('container') ?? '');
  const node = textAt(pod, 'spec', 'nodeName');
  if (node === '') throw badRequest(`pod ${name} does not have a host assigned`);
  if (headers.upgrade === undefined) throw badRequest('Upgrade request required');
  if (!cluster.nodeAnswers(node)) {
    const address = `${textAt(pod, 'status', 'hostIP') || '10.99.0.1'}:10250`;
    throw internalError(`error dialing backend: dial tcp ${address}: connect: connection refused`);
  }
  const hasInput = flagOf(request, 'stdin');
  if (!hasInput && !flagOf(request, 'stdout') && !flagOf(request, 'stderr')) {
    return { status: 400, headers: PLAIN, body: 'you must specify at least 1 of stdin, stdout, stderr' };
  }
  if (at(statusOf(pod, container), 'state', 'running') === undefined) {
    return { status: 500, headers: PLAIN, body: `container not found (${quote(container)})` };
  }
  if (method !== 'GET') return { status: 405, bare: true, body: 'bad method' };
  const offered = headers['sec-websocket-protocol'];
  const protocol = chooseProtocol(offered, cluster.containers.protocols);
  if (protocol === undefined) return { status: 403, bare: true, body: '' };
  const plan = {
    namespace,
    pod: name,
    container,
    command: query.getAll('command'),
    environment: environmentOf(pod, container),
    hasInput,
    protocol,
  };
  return { status: 101, body: '', upgrade: serveExec(cluster.containers, plan) };
}
