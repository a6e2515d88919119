import { createHmac, timingSafeEqual } from 'node:crypto';
import { digestOf, type Digest } from './secret.ts';

/** `t=1731945600,nonce=…,sha256=<of the body, in hex>,v1=<HMAC-SHA256, in hex, of "t.nonce.sha256">` */
export const SIGNATURE_HEADER = 'x-falco-talon-signature';

/** Judged by the header alone, so that nothing of a body is read before; then the body must be the one that was signed. */
export interface Signature {
  /** Seconds since the epoch, as the sender's clock has it. */
  readonly time: number;
  readonly nonce: string;
  /** SHA-256 of the body. */
  readonly body: Digest;
  readonly digest: Buffer;
}

/** Undefined: this is none. */
export function parseSignature(header: string): Signature | undefined {
  const parts = /^t=(\d{1,12}),nonce=([\w-]{16,64}),sha256=([0-9a-f]{64}),v1=([0-9a-f]{64})$/.exec(header);
  if (!parts) return undefined;
  const [, time, nonce, body, digest] = parts;
  return { time: Number(time), nonce: nonce!, body: Buffer.from(body!, 'hex'), digest: Buffer.from(digest!, 'hex') };
}

/** The value of the header. */
export function signatureHeader(key: string, time: number, nonce: string, body: Uint8Array): string {
  const digest = digestOf(body);
  return `t=${time},nonce=${nonce},sha256=${digest.toString('hex')},v1=${sign(key, time, nonce, digest).toString('hex')}`;
}

function sign(key: string, time: number, nonce: string, body: Digest): Buffer {
  return createHmac('sha256', key)
    .update(`${time}.${nonce}.${body.toString('hex')}`)
    .digest();
}

/**
 * `keys`: any of them may have been used, so that they can be changed without a gap.
 * @param tolerance milliseconds the sender's clock may differ, either way
 * @param now milliseconds since the epoch
 */
export function signatureProblem(
  { time, nonce, body, digest }: Signature,
  keys: readonly string[],
  tolerance: number,
  now: number,
): 'expired' | 'wrong' | undefined {
  if (Math.abs(now - time * 1000) > tolerance) return 'expired';
  let fits = false;
  for (const key of keys) fits = timingSafeEqual(digest, sign(key, time, nonce, body)) || fits;
  return fits ? undefined : 'wrong';
}

/** Whether this is the body the signature was made for. */
export function isSignedBody(signature: Signature, body: Uint8Array): boolean {
  return timingSafeEqual(signature.body, digestOf(body));
}
