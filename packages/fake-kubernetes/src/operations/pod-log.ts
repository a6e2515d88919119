import { Readable } from 'node:stream';
import type { ApiObject } from '../api-object.ts';
import { timestamp } from '../api-object.ts';
import { at, quote, textAt } from '../json.ts';
import type { Answer } from '../server/answer.ts';
import { refuse } from '../server/answer.ts';
import type { FieldError } from '../server/refusals.ts';
import { badRequest, forbiddenField, internalError, invalid, invalidValue, notFound } from '../server/refusals.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import { chooseContainer, statusOf } from './pod-containers.ts';

interface LogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
}

function numberOf(request: ApiRequest, name: string): number | undefined {
  const text = request.query.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^[-+]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`);
  return Number(text);
}

function flagOf(request: ApiRequest, name: string): boolean {
  const text = request.query.get(name) ?? '';
  return text !== '' && text !== '0' && text !== 'false';
}

function readOptions(request: ApiRequest): LogOptions {
  const { query } = request;
  const tailLines = numberOf(request, 'tailLines');
  const limitBytes = numberOf(request, 'limitBytes');
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(invalidValue('tailLines', tailLines, 'must be greater than or equal to 0'));
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    errors.push(invalidValue('limitBytes', limitBytes, 'must be greater than 0'));
  }
  if (query.has('sinceSeconds') && query.has('sinceTime')) {
    errors.push(forbiddenField('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  }
  if (query.has('stream')) errors.push(forbiddenField('stream', 'may not be specified'));
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, request.name, errors);
  return {
    container: query.get('container') ?? '',
    follow: flagOf(request, 'follow'),
    previous: flagOf(request, 'previous'),
    timestamps: flagOf(request, 'timestamps'),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

function checkStarted(pod: ApiObject, container: string): void {
  const waiting = at(statusOf(pod, container), 'state', 'waiting');
  if (waiting === undefined) return;
  const reason = textAt(waiting, 'reason') || 'ContainerCreating';
  throw badRequest(`container ${quote(container)} in pod ${quote(pod.metadata.name)} is waiting to start: ${reason}`);
}

function stamped(text: Buffer, now: number): Buffer {
  const time = timestamp(now).replace('Z', '.000000000Z');
  const lines = text.toString('latin1').split('\n');
  const rest = lines.pop() ?? '';
  const all = [...lines.map((line) => `${time} ${line}\n`), rest === '' ? '' : `${time} ${rest}`];
  return Buffer.from(all.join(''), 'latin1');
}

/** The last lines of a text; a last line without an end counts. */
function lastLines(text: Buffer, count: number): Buffer {
  if (count === 0) return Buffer.alloc(0);
  let position = text.at(-1) === 0x0a ? text.length - 1 : text.length;
  for (let left = count; left > 0; left--) {
    if (position <= 0) return text;
    position = text.lastIndexOf(0x0a, position - 1);
    if (position < 0) return text;
  }
  return text.subarray(position + 1);
}

function checkAccept(request: ApiRequest): void {
  const accept = request.headers.accept ?? '*/*';
  if (/\*\/\*|application\/\*|application\/(json|yaml|vnd\.kubernetes\.protobuf)/.test(accept)) return;
  throw refuse({
    code: 406,
    reason: 'NotAcceptable',
    message:
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  });
}

export function podLog(cluster: Cluster, request: ApiRequest): Answer {
  const { resource, namespace, name } = request;
  checkAccept(request);
  const options = readOptions(request);
  const pod = cluster.store.get(resource, namespace, name);
  if (pod === undefined) throw notFound(resource, name);
  const container = chooseContainer(pod, options.container);
  const node = textAt(pod, 'spec', 'nodeName');
  if (node === '') return { status: 204, body: '' };
  if (!cluster.nodeAnswers(node)) {
    const address = `${textAt(pod, 'status', 'hostIP') || '10.99.0.1'}:10250`;
    const tail = options.tailLines === undefined ? '' : `?tailLines=${options.tailLines}`;
    const url = `https://${address}/containerLogs/${namespace}/${name}/${container}${tail}`;
    throw internalError(`Get ${quote(url)}: dial tcp ${address}: connect: connection refused`);
  }
  const who = { namespace, name };
  const content = cluster.logs.get(who, container, options.previous);
  if (options.previous && content === undefined) {
    throw badRequest(`previous terminated container ${quote(container)} in pod ${quote(name)} not found`);
  }
  if (!options.previous) checkStarted(pod, container);
  let text = Buffer.from(content ?? []);
  if (options.tailLines !== undefined) text = Buffer.from(lastLines(text, options.tailLines));
  if (options.timestamps) text = Buffer.from(stamped(text, cluster.now()));
  if (options.limitBytes !== undefined) text = text.subarray(0, options.limitBytes);
  const headers = { 'content-type': 'text/plain' };
  if (!options.follow) return { status: 200, headers, body: text };
  const stream = new Readable({ read: () => undefined });
  stream.push(text);
  const end = cluster.logs.follow(who, container, (more) => void stream.push(more));
  stream.once('close', end);
  return { status: 200, headers, body: stream };
}
