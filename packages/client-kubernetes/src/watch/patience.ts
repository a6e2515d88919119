import type { TalonError } from '@falco-talon/core';
import { kubernetesFailure } from '../failure.ts';
import type { Limits } from '../limits.ts';

/** How long, and how often, a watch that fails is begun again. */
export interface Patience {
  /** Something came, or a watch ended in its time. */
  progress(): void;
  /**
   * Milliseconds to wait before the next try.
   * @throws TalonError the given one, when it will not pass, or has not for too long
   */
  waitAfter(error: TalonError): number;
}

export function createPatience(limits: Limits): Patience {
  let failures = 0;
  let good = performance.now();
  return {
    progress() {
      failures = 0;
      good = performance.now();
    },
    waitAfter(error) {
      if (!error.retryable) throw error;
      failures++;
      // The first time a version is too old there is nothing to wait for.
      if (failures === 1 && tooOld(error)) return 0;
      const longest = Math.min(limits.longestWatchBackoff, limits.firstBackoff * 2 ** (failures - 1));
      const wait = (error.retryAfter ?? 0) + Math.random() * longest;
      if (performance.now() - good + wait > limits.watchPatience) throw error;
      return wait;
    },
  };
}

/** The changes since the version are no longer kept. */
export function tooOld(error: TalonError): boolean {
  return kubernetesFailure(error)?.status === 410;
}
