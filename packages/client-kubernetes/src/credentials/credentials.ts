import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { errorText, TalonError } from '@falco-talon/core';

/** For `tls.connect`. PEM. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  /** Always given: the environment must not be able to turn the check off. */
  readonly rejectUnauthorized: boolean;
}

/** Where the API server is and who we are, as the files say at one moment. */
export interface Credentials {
  /** `https://10.0.0.1:6443` */
  readonly origin: string;
  /** Without a slash at its end; empty for most servers. */
  readonly basePath: string;
  readonly tls: TlsMaterial | undefined;
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
  readonly impersonate: string | undefined;
}

/** Reads the credentials again each time. `refused`: the ones of the last time were not accepted. */
export type CredentialSource = (reading: {
  readonly refused: boolean;
  readonly signal: AbortSignal;
}) => Promise<Credentials>;

/** What makes connections unusable when it changes. A token does not. */
export function connectionKey({ origin, tls }: Credentials): string {
  return JSON.stringify([origin, tls]);
}

export function configError(message: string, cause?: unknown): TalonError {
  return new TalonError('invalid_config', message, cause === undefined ? {} : { cause });
}

/**
 * The server's URL, taken apart.
 * @throws TalonError `invalid_config`
 */
export function serverAddress(server: string, where: string): Pick<Credentials, 'origin' | 'basePath'> {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol)) {
    // Not quoted: people put passwords into URLs.
    throw configError(`${where}: the server must be an https URL`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '') {
    throw configError(
      `${where}: the server ${url.origin} must be given without a user, a password and a query; users have a section of their own`,
    );
  }
  if (url.protocol === 'http:' && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname)) {
    throw configError(
      `${where}: the server ${url.origin} is without TLS, which is only allowed on this machine itself`,
    );
  }
  return { origin: url.origin, basePath: url.pathname.replace(/\/+$/, '') };
}

/**
 * A certificate and key that do not belong together are found here, not at the next handshake: files are often replaced one
 * after the other.
 * @throws TalonError `invalid_config`
 */
export function checkMaterial(tls: TlsMaterial, where: string): TlsMaterial {
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw configError(`${where}: a client certificate needs its key, and a key its certificate`);
  }
  try {
    // createSecureContext silently ignores a CA that is no certificate.
    if (tls.ca !== undefined) void new X509Certificate(tls.ca);
    createSecureContext({ ca: tls.ca, cert: tls.cert, key: tls.key });
  } catch (error) {
    throw configError(`${where}: the certificates cannot be used: ${errorText(error)}`, error);
  }
  return tls;
}
