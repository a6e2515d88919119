import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { errorText } from '@falco-talon/core';
import { readBounded } from '@falco-talon/engine';
import { fileError } from '../config/file-error.ts';

export interface TlsSettings {
  readonly cert_file: string;
  readonly key_file: string;
  /** Empty: clients need no certificate. */
  readonly client_ca_file: string;
}

export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly minVersion: 'TLSv1.2';
}

export interface ReadTls {
  readonly material: TlsMaterial;
  /** When the server's certificate ends. */
  readonly expires: Date;
}

/** Bytes: bundles of authorities have hundreds of kilobytes. */
const FILE_LIMIT = 4 * 1024 * 1024;

/** @throws Error in one sentence that names the key and the file */
export async function readTls(settings: TlsSettings): Promise<ReadTls> {
  const [cert, key, ca] = await Promise.all([
    read('intake.tls.cert_file', settings.cert_file),
    read('intake.tls.key_file', settings.key_file),
    settings.client_ca_file === '' ? undefined : read('intake.tls.client_ca_file', settings.client_ca_file),
  ]);
  const certificate = parsed(
    'intake.tls.cert_file',
    settings.cert_file,
    'certificate',
    () => new X509Certificate(cert),
  );
  const privateKey = parsed('intake.tls.key_file', settings.key_file, 'private key', () => createPrivateKey(key));
  if (ca) parsed('intake.tls.client_ca_file', settings.client_ca_file, 'certificate', () => new X509Certificate(ca));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error(`intake.tls: the key ${settings.key_file} is not that of the certificate ${settings.cert_file}`);
  }
  const material: TlsMaterial = { cert, key, ...(ca ? { ca } : {}), minVersion: 'TLSv1.2' };
  createSecureContext(material);
  return { material, expires: certificate.validToDate };
}

async function read(key: string, file: string): Promise<Buffer> {
  return readBounded(file, { limit: FILE_LIMIT }).catch((error: unknown) => {
    throw new Error(`${key}: ${file}: ${fileError(error)}`, { cause: error });
  });
}

function parsed<T>(key: string, file: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Error(`${key}: ${file} holds no ${what} in PEM: ${errorText(error)}`, { cause: error });
  }
}
