import { isIPv4 } from 'node:net';
import { errorText } from '@falco-talon/core';
import { readCredentials, type CredentialSettings } from './credentials.ts';
import type { DoorSettings } from './door.ts';
import { rangeProblem } from './senders.ts';
import { readTls } from './tls-files.ts';

export interface DoorProblem {
  /** A sentence that names the key, never a secret. */
  readonly message: string;
  /** True: a file is not there, or not for this user, as secrets elsewhere than on the server's machine. */
  readonly absent: boolean;
}

/** Everything that would keep a server with these settings from starting. */
export async function doorProblems({ auth, tls }: DoorSettings): Promise<readonly DoorProblem[]> {
  const ranges = auth.allowed_senders.map(rangeProblem).filter((problem) => problem !== undefined);
  const unpaired =
    (tls.cert_file === '') !== (tls.key_file === '') || (tls.cert_file === '' && tls.client_ca_file !== '');
  const read = await Promise.allSettled([
    ...kindsOf(auth).map((kind) => readCredentials(kind)),
    ...(tls.cert_file === '' || unpaired ? [] : [readTls(tls)]),
  ]);
  return [
    ...ranges.map((problem) => ({ message: `intake.auth.allowed_senders: ${problem}`, absent: false })),
    ...(unpaired
      ? [{ message: 'intake.tls: cert_file and key_file go together; set both or none', absent: false }]
      : []),
    ...read
      .filter((one) => one.status === 'rejected')
      .map(({ reason }) => ({ message: errorText(reason), absent: isAbsent(reason) })),
  ];
}

/** Why `intake.require_auth` does not let a server start whose door is open. */
export function openDoorProblem(address: string): string {
  return `everybody who can reach ${address} could send alerts and make rules act; set one of intake.auth or intake.tls.client_ca_file, or listen_address: 127.0.0.1, as intake.require_auth wants it`;
}

/** True when the settings name nothing a sender could be known by, and no addresses. */
export function asksNothing({ auth, tls }: DoorSettings): boolean {
  const named = [...kindsOf(auth).flatMap((kind) => Object.values(kind)), auth.allowed_senders].flat();
  return named.length === 0 && tls.client_ca_file === '';
}

export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || (isIPv4(address) && address.startsWith('127.'));
}

/** The settings of one kind of credential each, so that a mistake in one hides none in another. */
function kindsOf(auth: CredentialSettings): readonly CredentialSettings[] {
  const none = {
    tokens: [],
    token_files: [],
    basic: [],
    basic_files: [],
    secret_paths: [],
    secret_path_files: [],
    hmac_keys: [],
    hmac_key_files: [],
  };
  return [
    { ...none, tokens: auth.tokens, token_files: auth.token_files },
    { ...none, basic: auth.basic, basic_files: auth.basic_files },
    { ...none, secret_paths: auth.secret_paths, secret_path_files: auth.secret_path_files },
    { ...none, hmac_keys: auth.hmac_keys, hmac_key_files: auth.hmac_key_files },
  ];
}

function isAbsent(error: unknown): boolean {
  const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  return ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(code);
}
