import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Environment } from '@falco-talon/core';
import { configError, type CredentialSource } from './credentials.ts';
import { inClusterSource } from './in-cluster.ts';
import { kubeconfigSource } from './kubeconfig-source.ts';

/**
 * The `kubeconfig` setting, else the pod's service account, else $KUBECONFIG, else ~/.kube/config.
 * @throws TalonError `invalid_config` that lists where was looked
 */
export async function findCredentials(
  kubeconfig: string,
  environment: Environment,
  serviceAccountDirectory: string,
  now: () => number,
): Promise<CredentialSource> {
  if (kubeconfig !== '') return kubeconfigSource([atHome(kubeconfig, environment)], environment, now);
  const inCluster = await inClusterSource(environment, serviceAccountDirectory);
  if (inCluster) return inCluster;

  const listed = (environment.variables['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean);
  const usual = join(environment.homeDirectory, '.kube', 'config');
  const files: string[] = [];
  for (const file of listed.length > 0 ? listed : [usual]) if (await exists(file)) files.push(file);
  if (files.length > 0) return kubeconfigSource(files, environment, now);
  throw configError(
    `no Kubernetes credentials: this is no pod with a service account, and there is no file ${
      listed.length > 0 ? `of KUBECONFIG (${listed.join(', ')})` : usual
    }; set kubeconfig to the path of a kubeconfig file`,
  );
}

function atHome(path: string, environment: Environment): string {
  return path.startsWith('~/') ? join(environment.homeDirectory, path.slice(2)) : path;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
