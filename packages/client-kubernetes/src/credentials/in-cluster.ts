import { access, readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { errorText, type Environment } from '@falco-talon/core';
import { checkMaterial, configError, type CredentialSource } from './credentials.ts';

/** Where Kubernetes mounts a pod's service account. */
export const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Whether this is a pod with a service account. */
export async function runsInCluster(
  { variables }: Environment,
  directory: string = SERVICE_ACCOUNT_DIRECTORY,
): Promise<boolean> {
  if (!variables['KUBERNETES_SERVICE_HOST']) return false;
  return access(join(directory, 'token')).then(
    () => true,
    () => false,
  );
}

/** Undefined outside a cluster, or in a pod without a service account. */
export async function inClusterSource(
  environment: Environment,
  directory: string,
): Promise<CredentialSource | undefined> {
  const host = environment.variables['KUBERNETES_SERVICE_HOST'];
  const port = environment.variables['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === undefined || !(await runsInCluster(environment, directory))) return undefined;
  const tokenFile = join(directory, 'token');
  const origin = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;

  return async () => {
    const [token, ca] = await Promise.all([readText(tokenFile), readText(join(directory, 'ca.crt'))]);
    return {
      origin,
      basePath: '',
      tls: checkMaterial({ ca, rejectUnauthorized: true }, directory),
      authorization: `Bearer ${token.trim()}`,
      impersonate: undefined,
    };
  };
}

/** The namespace Falco Talon runs in; undefined outside a cluster. */
export async function inClusterNamespace(environment: Environment, directory: string): Promise<string | undefined> {
  if (!environment.variables['KUBERNETES_SERVICE_HOST']) return undefined;
  const text = await readFile(join(directory, 'namespace'), 'utf8').catch(() => '');
  return text.trim() || undefined;
}

export async function readText(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    if (text.trim() !== '') return text;
  } catch (error) {
    throw configError(`${file} cannot be read: ${errorText(error)}`, error);
  }
  throw configError(`${file} is empty`);
}
