import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Problem } from '../server/problem.ts';
import { isCertified } from './client-certificate.ts';
import type { Credentials } from './credentials.ts';
import { isAmong } from './secret.ts';
import { networkOf, plainAddress, type Senders } from './senders.ts';
import { isSignedBody, parseSignature, SIGNATURE_HEADER, type Signature } from './signature.ts';

/** Why a sender was not let in, for metrics and the log. */
export const DOOR_REASONS = [
  'credentials_missing',
  'credentials_wrong',
  'credentials_ambiguous',
  'sender_not_allowed',
  'sender_too_fast',
  'signature_malformed',
  'signature_expired',
  'signature_wrong',
  'signature_replayed',
  'signature_crowded',
] as const;
export type DoorReason = (typeof DOOR_REASONS)[number];

export interface Refusal {
  readonly reason: DoorReason;
  readonly problem: Problem;
  /** For the header WWW-Authenticate of a 401. */
  readonly challenge?: string;
}

export type Admission =
  /** `verify` is asked once the body is there: it must be the one that was signed. */
  | { readonly kind: 'alert'; readonly verify?: (body: Uint8Array) => Refusal | undefined }
  /** Anything that is no alert. */
  | { readonly kind: 'other' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface Keeper {
  readonly credentials: Credentials;
  /** Nobody has to say who it is. */
  readonly isOpen: boolean;
  readonly senders: Senders;
  /** Client certificates are asked for; only these names count, any when empty. Undefined: they are not. */
  readonly clientNames: readonly string[] | undefined;
  /** Paths anybody may read. */
  readonly openPaths: ReadonlySet<string>;
  /** Seconds to wait before the next alert of this sender. */
  readonly wait: (sender: string) => number;
  readonly signatureProblem: (signature: Signature) => 'expired' | 'wrong' | undefined;
  /** Each nonce is good for one alert. */
  readonly spend: (signature: Signature) => 'replayed' | 'crowded' | undefined;
}

const ALERTS = '/';

/** Judges a request by its connection, path and headers, before anything of its body is read. */
export function admit(request: IncomingMessage, keeper: Keeper): Admission {
  const [path = ''] = (request.url ?? '').split('?', 1);
  if (keeper.openPaths.has(path)) return { kind: 'other' };
  const sender = plainAddress(request.socket.remoteAddress);
  if (!keeper.senders.has(sender)) return refused('sender_not_allowed');

  const identity = identify(request, path, keeper);
  if (typeof identity === 'string') return refused(identity, challengeOf(keeper));
  const isAlert = path === ALERTS || identity.by === 'path';
  if (identity.by === 'signature' && !isAlert) return refused('credentials_missing', challengeOf(keeper));
  if (!isAlert) return { kind: 'other' };
  const wait = keeper.wait(networkOf(sender));
  if (wait > 0) return refused('sender_too_fast', undefined, wait);
  if (identity.by !== 'signature') return { kind: 'alert' };
  const { signature } = identity;
  const spent = keeper.spend(signature);
  if (spent) return refused(`signature_${spent}`);
  return {
    kind: 'alert',
    verify: (body) => (isSignedBody(signature, body) ? undefined : refusalOf('signature_wrong')),
  };
}

type Identity =
  | { readonly by: 'nobody' | 'certificate' | 'header' | 'path' }
  | { readonly by: 'signature'; readonly signature: Signature };

function identify(request: IncomingMessage, path: string, keeper: Keeper): Identity | DoorReason {
  if (keeper.isOpen) return { by: 'nobody' };
  const { credentials, clientNames } = keeper;
  if (clientNames && isCertified(request.socket as TLSSocket, clientNames)) return { by: 'certificate' };
  if (credentials.paths.length > 0 && isAmong(path, credentials.paths)) return { by: 'path' };
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    if (isRepeated(request.rawHeaders, 'authorization')) return 'credentials_ambiguous';
    return isAuthorized(authorization, credentials) ? { by: 'header' } : 'credentials_wrong';
  }
  const signed = request.headers[SIGNATURE_HEADER];
  if (signed !== undefined && credentials.keys.length > 0) {
    const signature = typeof signed === 'string' ? parseSignature(signed) : undefined;
    if (!signature) return 'signature_malformed';
    const problem = keeper.signatureProblem(signature);
    return problem ? `signature_${problem}` : { by: 'signature', signature };
  }
  return 'credentials_missing';
}

/** Node keeps the first of them; a proxy in front may have looked at another one. */
function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length > 1;
}

function isAuthorized(header: string, { tokens, basic }: Credentials): boolean {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return isAmong(value, tokens);
    case 'basic':
      return isAmong(Buffer.from(value, 'base64').toString(), basic);
    default:
      return false;
  }
}

function challengeOf({ credentials: { basic, tokens } }: Keeper): string | undefined {
  const schemes = [...(basic.length > 0 ? ['Basic'] : []), ...(tokens.length > 0 ? ['Bearer'] : [])];
  return schemes.length === 0 ? undefined : schemes.map((scheme) => `${scheme} realm="falco-talon"`).join(', ');
}

const TEXTS: Readonly<Record<DoorReason, string>> = {
  credentials_missing:
    'this server takes alerts only from senders it knows; send the credentials it was configured with',
  credentials_wrong: 'these credentials are not among those this server was configured with',
  credentials_ambiguous: 'send one header Authorization, not several',
  sender_not_allowed: 'this address is not among those this server takes alerts from',
  sender_too_fast: 'this sender sends more alerts a second than it may',
  signature_malformed: `write the header ${SIGNATURE_HEADER} as t=SECONDS,nonce=16 TO 64 CHARACTERS,sha256=HEX,v1=HEX`,
  signature_expired: "the signature's time is too far from this server's; set the clock, and sign when you send",
  signature_wrong: 'the signature does not fit this body and the keys this server was configured with',
  signature_crowded: 'too many signed alerts came in so short a time; send this one again later',
  signature_replayed: 'this signature was used before; use another nonce for each alert',
};
const STATUSES: Readonly<Partial<Record<DoorReason, readonly [number, string]>>> = {
  sender_not_allowed: [403, 'Forbidden'],
  sender_too_fast: [429, 'Too Many Requests'],
  signature_crowded: [503, 'Service Unavailable'],
};

/** Seconds. By then nonces have been forgotten, if it was a burst. */
const CROWDED_PAUSE = 5;

function refused(reason: DoorReason, challenge?: string, retryAfter?: number): Admission {
  return { kind: 'refused', refusal: refusalOf(reason, challenge, retryAfter) };
}

function refusalOf(reason: DoorReason, challenge?: string, retryAfter?: number): Refusal {
  const [status, title] = STATUSES[reason] ?? [401, 'Unauthorized'];
  const problem: Problem = {
    status,
    title,
    detail: TEXTS[reason],
    code: reason,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(status === 503 && { retryAfter: CROWDED_PAUSE }),
  };
  return { reason, problem, ...(challenge === undefined ? {} : { challenge }) };
}
