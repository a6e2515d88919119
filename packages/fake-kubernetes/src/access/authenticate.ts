import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { unauthorized } from '../server/refusals.ts';
import type { User, Users } from './users.ts';
import { ANONYMOUS } from './users.ts';

const fromCertificate = new WeakMap<TLSSocket, User | 'none' | 'invalid'>();

function list(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/** CN is the user and O are the groups; the rules are those of the known user of that name. */
function certificateUser(socket: TLSSocket, users: Users): User | 'none' | 'invalid' {
  const known = fromCertificate.get(socket);
  if (known !== undefined) return known;
  const { subject } = socket.getPeerCertificate();
  const name = list(subject?.CN)[0];
  let result: User | 'none' | 'invalid' = 'none';
  if (name !== undefined && !socket.authorized) result = 'invalid';
  else if (name !== undefined) {
    const groups = [...list(subject.O), 'system:authenticated'];
    result = { name, groups, rules: users.byName(name)?.rules ?? [] };
  }
  fromCertificate.set(socket, result);
  return result;
}

/** @throws Refusal 401 for a token or certificate nobody knows. Without either the user is anonymous. */
export function authenticate(request: IncomingMessage, users: Users): User {
  const header = request.headers.authorization ?? '';
  const token = /^Bearer\s+(.*)$/i.exec(header)?.[1];
  if (token !== undefined) {
    const user = users.byToken(token.trim());
    if (user === undefined) throw unauthorized();
    return user;
  }
  const user = certificateUser(request.socket as TLSSocket, users);
  if (user === 'invalid') throw unauthorized();
  return user === 'none' ? ANONYMOUS : user;
}
