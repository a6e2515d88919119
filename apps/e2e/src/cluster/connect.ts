import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import { silentLogger, type Environment, type Scope } from '@falco-talon/core';

export interface Connection {
  readonly client: Kubernetes;
  close(): Promise<void>;
}

/** Only what the kubeconfig says counts: in a pod its service account would win otherwise. */
export function environmentFor(kubeconfig: string): Environment {
  const variables = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KUBERNETES_')));
  return { variables: { ...variables, KUBECONFIG: kubeconfig }, homeDirectory: '/nonexistent' };
}

export async function connect(kubeconfig: string): Promise<Connection> {
  const scope: Scope = {
    signal: new AbortController().signal,
    logger: silentLogger,
    now: Date.now,
    span: (_name, work) => work(),
  };
  const client = await kubernetes.create({
    ...scope,
    settings: { kubeconfig: '', namespace: '' },
    environment: environmentFor(kubeconfig),
  });
  return { client, close: async () => await kubernetes.close?.(client) };
}
