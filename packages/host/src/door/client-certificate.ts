import type { TLSSocket } from 'node:tls';

/**
 * Whether the client has shown a certificate that TLS verified against the authorities of the configuration; with names, one
 * of them must be its own. Without a certificate nobody is verified, whatever Node says: some versions call a connection
 * authorized when it resumes a TLS 1.3 session that was begun without one. https://github.com/nodejs/node/issues/35317
 */
export function isCertified(
  socket: Pick<TLSSocket, 'authorized' | 'getPeerX509Certificate'>,
  names: readonly string[],
): boolean {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return false;
  const isNamed = (name: string) => certificate.checkHost(name, { subject: 'always', wildcards: false }) !== undefined;
  return names.length === 0 || names.some(isNamed);
}
