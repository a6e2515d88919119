import type { FalcoEvent } from '@falco-talon/core';
import { TEST_TIME } from '../run/scope.ts';
import { INTERNAL_ALERTS } from './recorded/internal-alerts.ts';
import { PLUGIN_ALERTS } from './recorded/plugin-alerts.ts';
import type { RecordedAlert } from './recorded/recorded-alert.ts';
import { SENDER_ALERTS } from './recorded/sender-alerts.ts';
import { SYSCALL_ALERTS } from './recorded/syscall-alerts.ts';

export type { RecordedAlert };

/** One alert of every kind that reaches Falco Talon in the field, odd ones above all. */
export const RECORDED_ALERTS: readonly RecordedAlert[] = [
  ...SYSCALL_ALERTS,
  ...PLUGIN_ALERTS,
  ...INTERNAL_ALERTS,
  ...SENDER_ALERTS,
];

/** @throws Error when there is no alert of that name */
export function recordedAlert(name: string): RecordedAlert {
  const found = RECORDED_ALERTS.find((alert) => alert.name === name);
  if (found === undefined) throw new Error(`there is no recorded alert ${JSON.stringify(name)}`);
  return found;
}

/** The alert as the engine decodes it. */
export async function recordedEvent(name: string): Promise<FalcoEvent> {
  const { text } = recordedAlert(name);
  // Loaded here, so that spec files which need no recording do not load the engine.
  const { decodeAlert } = await import('@falco-talon/engine');
  return decodeAlert(Buffer.from(text), { id: name, traceId: '0'.repeat(31) + '1', receivedAt: TEST_TIME });
}
