export interface SenderRate {
  /** Seconds to wait; 0 when the alert may come in. */
  wait(sender: string): number;
}

export interface SenderRateOptions {
  /** Alerts a second; 0: as many as come. */
  readonly rate: number;
  /** Alerts that may come at once after a silence. */
  readonly burst: number;
  /** Senders told apart; the one that was silent longest is forgotten first. */
  readonly capacity: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** A bucket of tokens for each sender, so that one that floods keeps nobody else out. */
export function createSenderRate({ rate, burst, capacity, now }: SenderRateOptions): SenderRate {
  if (rate === 0) return { wait: () => 0 };
  const buckets = new Map<string, Bucket>();
  return {
    wait(sender) {
      const time = now();
      const bucket = buckets.get(sender) ?? { tokens: burst, at: time };
      bucket.tokens = Math.min(burst, bucket.tokens + ((time - bucket.at) / 1000) * rate);
      bucket.at = time;
      buckets.delete(sender);
      if (buckets.size >= capacity) buckets.delete(buckets.keys().next().value!);
      buckets.set(sender, bucket);
      if (bucket.tokens < 1) return (1 - bucket.tokens) / rate;
      bucket.tokens--;
      return 0;
    },
  };
}
