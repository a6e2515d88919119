import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { errorText } from '@falco-talon/core';
import { credentialMistakes } from './credentials.ts';
import type { DoorSettings } from './door.ts';
import { isEverybody, rangeProblem } from './senders.ts';
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
  const certificates =
    tls.cert_file === '' || unpaired
      ? []
      : await readTls(tls).then(
          (): unknown[] => [],
          (error: unknown) => [error],
        );
  const unreadable = [...(await credentialMistakes(auth)), ...certificates];
  return [
    ...ranges.map((problem) => ({ message: `intake.auth.allowed_senders: ${problem}`, absent: false })),
    ...(unpaired
      ? [{ message: 'intake.tls: cert_file and key_file go together; set both or none', absent: false }]
      : []),
    ...unreadable.map((error) => ({ message: errorText(error), absent: isAbsent(error) })),
  ];
}

/** Why `intake.require_auth` does not let a server start whose door is open. */
export function openDoorProblem(address: string): string {
  return `everybody who can reach ${address} could send alerts and make rules act; set one of intake.auth or intake.tls.client_ca_file, or listen_address: 127.0.0.1, as intake.require_auth wants it`;
}

/** True when the settings name nothing a sender could be known by, and no addresses. */
export function asksNothing({ auth, tls }: DoorSettings): boolean {
  const { hmac_tolerance_seconds: _, allowed_senders: ranges, ...senders } = auth;
  return Object.values(senders).flat().length === 0 && tls.client_ca_file === '' && isEverybody(ranges);
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether only this machine can connect to an address, however it is written; of a name, all of its addresses count. */
export async function isLoopback(address: string): Promise<boolean> {
  const plain = address.replace(/%.*$/, '');
  if (isIP(plain) > 0) return LOOPBACK.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
  const found = address === '' ? [] : await lookup(address, { all: true }).catch(() => []);
  return (
    found.length > 0 && found.every(({ address: one, family }) => LOOPBACK.check(one, family === 4 ? 'ipv4' : 'ipv6'))
  );
}

function isAbsent(error: unknown): boolean {
  const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  return ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(code);
}
