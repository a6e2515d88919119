import { readFileSync } from 'node:fs';

/**
 * A clock that never jumps and goes on over restarts of the process: it counts from the start of the machine, so that two
 * readings can be compared when `boot` is the same.
 */
export interface SteadyClock {
  /** Milliseconds. */
  now(): number;
  /** Which start of the machine it counts from; undefined where nobody says, and then only this process can compare. */
  readonly boot: string | undefined;
}

export function steadyClock(): SteadyClock {
  return { now: () => Number(process.hrtime.bigint() / 1_000n) / 1_000, boot: bootId() };
}

/** https://docs.kernel.org/admin-guide/sysctl/kernel.html#random */
function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
