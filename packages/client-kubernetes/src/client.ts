import {
  defineClient,
  strictObject,
  Type,
  type Environment,
  type MayAct,
  type Scope,
  type Static,
} from '@falco-talon/core';
import { createApi, createSharedParts, type SharedParts } from './api.ts';
import { isViewOf } from './connection-of.ts';
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

/** What is needed beside the public interface to judge, fence and close a client that was made here. */
interface Own {
  readonly session: OpenSession;
  readonly limits: Limits;
  readonly shared: SharedParts;
}
const sessions = new WeakMap<Kubernetes, Own>();

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
  const shared = createSharedParts(session, limits);
  const api = createApi(session, limits, podNamespace ?? toldNamespace(input), shared);
  sessions.set(api, { session, limits, shared });
  return api;
}

/** A pod without a mounted service account is told its namespace by its manifest (`fieldRef: metadata.namespace`). */
function toldNamespace({ settings: { namespace }, environment }: CreateInput): string {
  const told = environment.variables['POD_NAMESPACE'] ?? '';
  return NAMESPACE.test(told) ? told : namespace;
}

/** The same client, asking before each request that changes something; over the same connections. */
function fencedKubernetes(client: Kubernetes, mayAct: MayAct): Kubernetes {
  const own = sessions.get(client);
  // Another implementation of the interface, given by a test: it cannot be looked into.
  if (!own) return client;
  const view = createApi({ ...own.session, mayAct }, own.limits, client.ownNamespace, own.shared);
  isViewOf(view, client);
  return view;
}

/** The client plugins refer to in `uses: { kubernetes }`. */
export const kubernetes = defineClient<Kubernetes, KubernetesReads, typeof settings>({
  id: 'kubernetes',
  section: '',
  settings,
  create: (input) => createKubernetes(input),
  reads: (client, scope) => client.reads(scope),
  own: ({ ownNamespace }) => (ownNamespace === '' ? [] : [{ kind: 'namespace', name: ownNamespace }]),
  fenced: fencedKubernetes,
  async ready(client, scope) {
    const own = sessions.get(client);
    if (own) await checkReady(own.session, own.limits, scope.signal);
  },
  async close(client) {
    await sessions.get(client)?.session.close();
  },
});
