import { createHmac, timingSafeEqual } from 'node:crypto';

/** `t=1731945600,nonce=…,v1=<HMAC-SHA256 in hex of "t.nonce.body">` */
export const SIGNATURE_HEADER = 'x-falco-talon-signature';

export interface Signature {
  /** Seconds since the epoch, as the sender's clock has it. */
  readonly time: number;
  readonly nonce: string;
  readonly digest: Buffer;
}

/** `crowded`: too many nonces are young; the signature itself may be right. */
export type SignatureProblem = 'malformed' | 'expired' | 'wrong' | 'replayed' | 'crowded';

/** Undefined: this is none. */
export function parseSignature(header: string): Signature | undefined {
  const parts = /^t=(\d{1,12}),nonce=([\w-]{16,64}),v1=([0-9a-f]{64})$/.exec(header);
  if (!parts) return undefined;
  return { time: Number(parts[1]), nonce: parts[2]!, digest: Buffer.from(parts[3]!, 'hex') };
}

export function sign(key: string, time: number, nonce: string, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${time}.${nonce}.`).update(body).digest();
}

export interface SignatureChecker {
  /** `keys`: any of them may have been used, so that they can be changed without a gap. */
  check(signature: Signature, body: Uint8Array, keys: readonly string[]): SignatureProblem | undefined;
}

export interface SignatureCheckerOptions {
  /** Milliseconds the sender's clock may differ, either way. */
  readonly tolerance: number;
  /** Nonces kept at most. When that many are young, further alerts are refused rather than forgetting one. */
  readonly capacity: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Each nonce is good once while its time is: afterwards the time itself refuses it. */
export function createSignatureChecker({ tolerance, capacity, now }: SignatureCheckerOptions): SignatureChecker {
  /** Nonce → when its time is over, in the order they came. */
  const seen = new Map<string, number>();

  function forget(time: number): void {
    for (const [nonce, until] of seen) {
      if (until > time) return;
      seen.delete(nonce);
    }
  }

  return {
    check({ time, nonce, digest }, body, keys) {
      const at = now();
      if (Math.abs(at - time * 1000) > tolerance) return 'expired';
      let fits = false;
      for (const key of keys) fits = timingSafeEqual(digest, sign(key, time, nonce, body)) || fits;
      if (!fits) return 'wrong';
      forget(at);
      if (seen.has(nonce)) return 'replayed';
      if (seen.size >= capacity) return 'crowded';
      // Longer than any time it could come again with, so that the order of the map is that of the ends.
      seen.set(nonce, at + 2 * tolerance);
      return undefined;
    },
  };
}
