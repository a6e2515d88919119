import type { FalcoEvent } from '@falco-talon/core';

/** As Falco and Falcosidekick write it; `Date.parse` alone takes half a date for one, too. */
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:?\d\d)$/i;

export interface AgeLimits {
  /** Seconds; 0: none. */
  readonly max_age_seconds: number;
  readonly max_ahead_seconds: number;
}

/**
 * Why an alert is of the wrong time: judged by when it was received, so that one that waited in the queue stays valid. One
 * without a time is as old as its receipt.
 */
export function wrongTime({ time, receivedAt }: FalcoEvent, limits: AgeLimits): string | undefined {
  const then = timeOf(time);
  if (then === undefined) return undefined;
  const age = (receivedAt - then) / 1000;
  if (limits.max_age_seconds > 0 && age > limits.max_age_seconds)
    return `the alert was ${inWords(age)} old when it was received; at most ${limits.max_age_seconds} s are allowed (guard.plausibility.max_age_seconds)`;
  if (-age > limits.max_ahead_seconds)
    return `the alert is of ${inWords(-age)} after its receipt; at most ${limits.max_ahead_seconds} s are allowed (guard.plausibility.max_ahead_seconds): it is not genuine, or clocks differ`;
  return undefined;
}

/** Milliseconds since the epoch; undefined when it is no time. */
function timeOf(text: string): number | undefined {
  const [, local, zone] = TIME.exec(text) ?? [];
  if (local === undefined || zone === undefined) return undefined;
  const time = Date.parse(`${local}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone}`.toUpperCase());
  return Number.isNaN(time) ? undefined : time;
}

function inWords(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} minutes`;
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)} hours` : `${Math.floor(seconds / 86_400)} days`;
}
