import { defineClient, strictObject, Type, type Environment, type Scope, type Static } from '@falco-talon/core';
import { createApi } from './api.ts';
import { findCredentials } from './credentials/find.ts';
import { inClusterNamespace, SERVICE_ACCOUNT_DIRECTORY } from './credentials/in-cluster.ts';
import type { Kubernetes, KubernetesReads } from './kubernetes.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { checkReady } from './ready.ts';
import { openSession, type OpenSession } from './transport/session.ts';

const NAMESPACE_TEXT = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
const NAMESPACE = new RegExp(`^${NAMESPACE_TEXT}$`);

export const settings = strictObject({
  kubeconfig: Type.String({
    default: '',
    description:
      'Path of a kubeconfig file. Empty: the service account when Falco Talon runs in a cluster, else $KUBECONFIG, else ~/.kube/config.',
  }),
  namespace: Type.String({
    default: '',
    pattern: `^(${NAMESPACE_TEXT})?$`,
    description: 'Namespace Falco Talon itself runs in; only looked at outside a cluster.',
  }),
});

/** What is needed beside the public interface to judge and close a client that was made here. */
const sessions = new WeakMap<Kubernetes, { readonly session: OpenSession; readonly limits: Limits }>();

export type CreateInput = Scope & { readonly settings: Static<typeof settings>; readonly environment: Environment };

/**
 * Reads the credentials and imports what the connections need; sends nothing.
 * @throws TalonError `invalid_config`
 */
export async function createKubernetes(
  input: CreateInput,
  limits: Limits = DEFAULT_LIMITS,
  serviceAccountDirectory: string = SERVICE_ACCOUNT_DIRECTORY,
): Promise<Kubernetes> {
  const { environment } = input;
  const source = await findCredentials(input.settings.kubeconfig, environment, serviceAccountDirectory, input.now);
  const [session, podNamespace] = await Promise.all([
    openSession(source, limits, input),
    inClusterNamespace(environment, serviceAccountDirectory),
  ]);
  const api = createApi(session, limits, podNamespace ?? toldNamespace(input));
  sessions.set(api, { session, limits });
  return api;
}

/** A pod without a mounted service account is told its namespace by its manifest (`fieldRef: metadata.namespace`). */
function toldNamespace({ settings: { namespace }, environment }: CreateInput): string {
  const told = environment.variables['POD_NAMESPACE'] ?? '';
  return NAMESPACE.test(told) ? told : namespace;
}

/** The client plugins refer to in `uses: { kubernetes }`. */
export const kubernetes = defineClient<Kubernetes, KubernetesReads, typeof settings>({
  id: 'kubernetes',
  section: '',
  settings,
  create: (input) => createKubernetes(input),
  reads: (client, scope) => client.reads(scope),
  own: ({ ownNamespace }) => (ownNamespace === '' ? [] : [{ kind: 'namespace', name: ownNamespace }]),
  async ready(client, scope) {
    const own = sessions.get(client);
    if (own) await checkReady(own.session, own.limits, scope.signal);
  },
  async close(client) {
    await sessions.get(client)?.session.close();
  },
});
