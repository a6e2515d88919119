import { decodeAlert } from '../decode/decode-alert.ts';
import type { FalcoEvent } from '@falco-talon/core';

interface Given {
  readonly rule?: string;
  readonly priority?: string;
  readonly source?: string;
  readonly output?: string;
  readonly hostname?: string;
  readonly time?: string;
  readonly tags?: readonly string[];
  /** JSON text, so that digits are as a sender writes them. */
  readonly fields?: string;
}

/** For specs: an alert as it comes out of decoding. */
export function eventOf({ fields, ...given }: Given = {}): FalcoEvent {
  const { rule = 'Terminal shell in container', priority = 'Notice', ...rest } = given;
  const head = JSON.stringify({ rule, priority, ...rest });
  const body = `${head.slice(0, -1)},"output_fields":${fields ?? '{}'}}`;
  return decodeAlert(Buffer.from(body), { id: 'e1', traceId: '0'.repeat(32), receivedAt: 0 });
}
