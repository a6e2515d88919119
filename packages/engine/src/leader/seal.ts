import { createPublicKey, hash, randomBytes, sign, verify, type KeyObject } from 'node:crypto';

/** What is said of a handover before its body: who sends what to whom, and when. */
export interface Seal {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly from: string;
  readonly to: string;
  readonly nonce: string;
  /** Of the body: SHA-256, hexadecimal. */
  readonly digest: string;
  /** Over all of it: Ed25519, base64. */
  readonly signature: string;
}

/** The clocks of two replicas may differ by so much. Milliseconds. */
export const TOLERANCE = 60_000;
const LONGEST = 2048;
const FORM =
  /^t=(\d{1,15}),from=([a-z0-9-]{1,200}),to=([a-z0-9-]{1,200}),nonce=([0-9a-f]{32}),digest=([0-9a-f]{64}),v1=([A-Za-z0-9+/]{86}==)$/;

export const digestOf = (body: Uint8Array): string => hash('sha256', body, 'hex');

export function seal(
  body: Uint8Array,
  { from, to, now, key }: { readonly from: string; readonly to: string; readonly now: number; readonly key: KeyObject },
): string {
  const said = { time: now, from, to, nonce: randomBytes(16).toString('hex'), digest: digestOf(body) };
  const signature = sign(null, signedText(said), key).toString('base64');
  return `t=${said.time},from=${from},to=${to},nonce=${said.nonce},digest=${said.digest},v1=${signature}`;
}

/** Undefined when it is none. */
export function readSeal(text: string | undefined): Seal | undefined {
  if (text === undefined || text.length > LONGEST) return undefined;
  const [, time, from, to, nonce, digest, signature] = FORM.exec(text) ?? [];
  if (time === undefined) return undefined;
  return { time: Number(time), from: from!, to: to!, nonce: nonce!, digest: digest!, signature: signature! };
}

/** @param publicKey SPKI, base64; one that cannot be read has signed nothing */
export function isSignedBy(publicKey: string, given: Seal): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType !== 'ed25519') return false;
    return verify(null, signedText(given), key, Buffer.from(given.signature, 'base64'));
  } catch {
    return false;
  }
}

function signedText({ time, from, to, nonce, digest }: Omit<Seal, 'signature'>): Buffer {
  return Buffer.from(['falco-talon handover 1', time, from, to, nonce, digest].join('\n'));
}
