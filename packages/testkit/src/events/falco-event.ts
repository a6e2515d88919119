import { PRIORITIES, type FalcoEvent } from '@falco-talon/core';
import { TEST_TIME } from '../run/scope.ts';

export interface FalcoEventOptions {
  readonly rule?: string;
  /** The sender's word; a word that is none of Falco's gives an event without a priority. */
  readonly priority?: string;
  readonly source?: string;
  readonly output?: string;
  readonly hostname?: string;
  readonly time?: string;
  readonly tags?: readonly string[];
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly receivedAt?: number;
}

let made = 0;

/** An alert as plugins see it: a shell in pod `cart-x2x9z` of namespace `shop` unless told otherwise. Each has an id of its own. */
export function falcoEvent(options: FalcoEventOptions = {}): FalcoEvent {
  const number = String(++made);
  const priorityText = options.priority ?? 'Notice';
  return {
    id: options.id ?? `event-${number}`,
    traceId: number.padStart(32, '0'),
    receivedAt: options.receivedAt ?? TEST_TIME,
    rule: options.rule ?? 'Terminal shell in container',
    priority: PRIORITIES.find((priority) => priority.toLowerCase() === priorityText.toLowerCase()),
    priorityText,
    source: options.source ?? 'syscall',
    output: options.output ?? 'A shell was spawned in a container with an attached terminal',
    hostname: options.hostname ?? 'node-1',
    time: options.time ?? new Date(options.receivedAt ?? TEST_TIME).toISOString(),
    tags: options.tags ?? ['container', 'shell', 'mitre_execution'],
    fields: new Map(Object.entries(options.fields ?? SHELL_FIELDS)),
    context: new Map(Object.entries(options.context ?? {})),
    extra: new Map(Object.entries(options.extra ?? {})),
  };
}

const SHELL_FIELDS = {
  'k8s.ns.name': 'shop',
  'k8s.pod.name': 'cart-x2x9z',
  'proc.name': 'sh',
  'proc.cmdline': 'sh -i',
  'user.name': 'root',
};

/** An audit alert about a pod: the names stand in `ka.target.*`. */
export function auditEvent(options: FalcoEventOptions = {}): FalcoEvent {
  return falcoEvent({
    rule: 'Attach/Exec Pod',
    source: 'k8s_audit',
    output: 'Attach/Exec to pod',
    tags: ['k8s'],
    ...options,
    fields: options.fields ?? {
      'ka.target.name': 'cart-x2x9z',
      'ka.target.namespace': 'shop',
      'ka.target.resource': 'pods',
      'ka.target.subresource': 'exec',
      'ka.uri.param[command]': 'sh',
      'ka.user.name': 'kubernetes-admin',
    },
  });
}

/** The same alert with other fields; `undefined` takes a field away. */
export function withFields(event: FalcoEvent, changes: Readonly<Record<string, unknown>>): FalcoEvent {
  const fields = new Map(event.fields);
  for (const [field, value] of Object.entries(changes)) {
    if (value === undefined) fields.delete(field);
    else fields.set(field, value);
  }
  return { ...event, fields };
}
