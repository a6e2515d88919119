import { randomUUID } from 'node:crypto';
import type { IncomingHeaders } from '../lifecycle/engine.ts';

/**
 * https://www.w3.org/TR/trace-context/#traceparent-header: version 00 ends after the flags, a later one may go on after a
 * dash, ff is no version.
 */
const TRACEPARENT =
  /^(?:00(?=.{53}$)|(?!00|ff)[0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/;

export interface Trace {
  readonly traceId: string;
  /** Span of the sender; absent when it sent none. */
  readonly parentId?: string;
}

/** The sender's trace when its header is valid, else a new one: every event has a trace id. */
export function traceOf(headers: IncomingHeaders): Trace {
  const header = headers['traceparent'];
  const match = typeof header === 'string' ? TRACEPARENT.exec(header) : null;
  if (match?.[1] && match[2]) return { traceId: match[1], parentId: match[2] };
  return { traceId: randomUUID().replaceAll('-', '') };
}
