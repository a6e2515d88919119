import { valueText } from './exact-number.ts';

/** From most to least severe, as Falco names them. */
export const PRIORITIES = [
  'Emergency',
  'Alert',
  'Critical',
  'Error',
  'Warning',
  'Notice',
  'Informational',
  'Debug',
] as const;
export type Priority = (typeof PRIORITIES)[number];

/** One Falco alert. Everything in it is hostile text, written by whoever runs in the watched workload. */
export interface FalcoEvent {
  /** Falco Talon's own id of this event; also the id of its queue message. */
  readonly id: string;
  /** W3C trace id, 32 hex digits. */
  readonly traceId: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly rule: string;
  /** Undefined when the sender's word is none of Falco's; it then satisfies no priority criterion. */
  readonly priority: Priority | undefined;
  /** The sender's word, unchanged. */
  readonly priorityText: string;
  /** `syscalls` and an empty source are `syscall`, `k8saudit` is `k8s_audit`. */
  readonly source: string;
  /** Without Falco's time and priority prefix; empty when absent. */
  readonly output: string;
  readonly hostname: string;
  /** The sender's text; empty when absent. */
  readonly time: string;
  readonly tags: readonly string[];
  /** `output_fields`. Values are any JSON; numbers a double cannot hold are `ExactNumber`. */
  readonly fields: ReadonlyMap<string, unknown>;
  /** The sender's own `context`. */
  readonly context: ReadonlyMap<string, unknown>;
  /** Keys Falco Talon does not know, kept to be forwarded. */
  readonly extra: ReadonlyMap<string, unknown>;
}

/** The text of an output field; undefined when it is absent or null. */
export function fieldText(event: FalcoEvent, field: string): string | undefined {
  return valueText(event.fields.get(field));
}

/** As `fieldText`, but Falco's placeholder for "no value" and the empty text count as absent too. */
function presentText(event: FalcoEvent, field: string): string | undefined {
  const text = fieldText(event, field);
  return text === '' || text === '<NA>' ? undefined : text;
}

function firstPresent(event: FalcoEvent, fields: readonly string[]): string | undefined {
  for (const field of fields) {
    const text = presentText(event, field);
    if (text !== undefined) return text;
  }
  return undefined;
}

export function hasField(event: FalcoEvent, field: string): boolean {
  return presentText(event, field) !== undefined;
}

/** `ka.target.name` names a pod only when the audit event is about pods. */
export function podName(event: FalcoEvent): string | undefined {
  return (
    firstPresent(event, ['k8s.pod.name', 'ka.target.pod.name']) ??
    (presentText(event, 'ka.target.resource') === 'pods' ? presentText(event, 'ka.target.name') : undefined)
  );
}

export function podNamespace(event: FalcoEvent): string | undefined {
  return firstPresent(event, ['k8s.ns.name', 'ka.target.namespace']);
}

export function remoteAddress(event: FalcoEvent): string | undefined {
  return firstPresent(event, ['fd.rip', 'fd.sip']);
}

export function remotePort(event: FalcoEvent): string | undefined {
  return firstPresent(event, ['fd.rport', 'fd.sport']);
}
