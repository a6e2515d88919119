import type { KubernetesFailure } from './kubernetes.ts';
import type { Answer } from './transport/exchange.ts';

/** What a failed answer says, made short enough to be logged and sent to people. */
export interface Status {
  readonly reason: string;
  readonly message: string;
  readonly causes: KubernetesFailure['causes'];
  readonly retryAfterSeconds: number | undefined;
  /** True when the answer is about an object, not about a path that is not served. */
  readonly namesObject: boolean;
  /** Of an expired list: where to go on. */
  readonly continueToken: string | undefined;
}

const LONGEST_MESSAGE = 300;
const LONGEST_CAUSE = 200;
const MOST_CAUSES = 8;
const PARSED_BYTES = 8 * 1024 * 1024;
/** Characters of either end that is searched: what a search costs must not be up to the other side. */
const LONGEST_END = 4096;

export function explainStatus(answer: Answer): Status {
  const body = answer.body.length > PARSED_BYTES ? undefined : record(parse(answer.body));
  return body?.['kind'] === 'Status' ? statusOf(body, answer.status) : foreignAnswer(answer);
}

/** How a command ended: a Status without its kind. */
export interface CommandStatus extends Status {
  readonly succeeded: boolean;
  /** Its beginning and its end: the API server's words come first, the runtime's last. */
  readonly wholeMessage: string;
}

/** Undefined when it is none. */
export function readCommandStatus(frame: Buffer): CommandStatus | undefined {
  const body = record(parse(frame));
  const outcome = body?.['status'];
  if (!body || (outcome !== 'Success' && outcome !== 'Failure')) return undefined;
  const message = text(body['message']) ?? '';
  const wholeMessage =
    message.length <= 2 * LONGEST_END ? message : `${message.slice(0, LONGEST_END)} … ${message.slice(-LONGEST_END)}`;
  return { ...statusOf(body, 101), succeeded: outcome === 'Success', wholeMessage };
}

function statusOf(body: Readonly<Record<string, unknown>>, status: number): Status {
  const details = record(body['details']);
  const causes = list(details?.['causes']).slice(0, MOST_CAUSES).map(shortCause);
  const seconds = details?.['retryAfterSeconds'];
  const token = record(body['metadata'])?.['continue'];
  return {
    reason: shortText(text(body['reason']) ?? ''),
    message: messageOf(status, text(body['message']) ?? '', causes),
    causes,
    retryAfterSeconds: typeof seconds === 'number' && seconds > 0 ? seconds : undefined,
    namesObject: text(details?.['name']) !== undefined,
    continueToken: text(token),
  };
}

/**
 * The message of a 422 may hold the whole object, environment variables and all, so there only the causes are used: they
 * say which field is wrong and why.
 */
function messageOf(status: number, message: string, causes: Status['causes']): string {
  if (status !== 422 || causes.length === 0) return withoutValue(message) || `status ${status}`;
  const distinct = new Set(causes.map((cause) => [cause.field, cause.message].filter(Boolean).join(': ')));
  return shortText([...distinct].join('; '), LONGEST_MESSAGE);
}

function shortCause(value: unknown): Status['causes'][number] {
  const cause = record(value);
  const reason = text(cause?.['reason']);
  const message = text(cause?.['message']);
  const field = text(cause?.['field']);
  return {
    ...(reason === undefined ? {} : { reason: shortText(reason, LONGEST_CAUSE) }),
    ...(message === undefined ? {} : { message: shortText(withoutValue(message), LONGEST_CAUSE) }),
    ...(field === undefined ? {} : { field: shortText(field, LONGEST_CAUSE) }),
  };
}

/** Leaves out a quoted value too long to be a word, and the diff some messages end with. */
function withoutValue(message: string): string {
  const start = message.indexOf('"{');
  if (start < 0) return shortText(message);
  const end = message.lastIndexOf('": ');
  return shortText(`${message.slice(0, start)}(an object)${end > start ? message.slice(end + 1) : ''}`);
}

/** A plain `404 page not found`, a proxy's page, or nothing at all. */
function foreignAnswer(answer: Answer): Status {
  const type = (answer.headers['content-type'] ?? '').split(';', 1)[0] ?? '';
  const html = type === 'text/html';
  const words = answer.body
    .subarray(0, 2000)
    .toString()
    .replaceAll(/<[^>]*>/g, ' ');
  // What is JSON but no Status may hold an object.
  const said = type.endsWith('json') ? '' : shortText(words.replaceAll(/\s+/g, ' ').trim(), 100);
  const origin = html ? `, with a page that does not come from an API server (${type})` : '';
  return {
    reason: '',
    message: `status ${answer.status}${origin}${said === '' ? '' : `: ${said}`}`,
    causes: [],
    retryAfterSeconds: undefined,
    namesObject: false,
    continueToken: undefined,
  };
}

// oxlint-disable-next-line no-control-regex -- they are what must go
const ACTIVE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** One line, without control characters, cut to a limit. */
export function shortText(value: string, longest = LONGEST_MESSAGE): string {
  const line = value.slice(0, 4 * longest).split('\n', 1)[0] ?? '';
  const clean = line.replaceAll(ACTIVE, ' ').trim();
  return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
