import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actionner, Clients, FalcoEvent, Uses } from '@falco-talon/core';
import { afterAll, beforeAll } from 'vitest';
import { openClients, type OpenClients } from '../../run/clients.ts';

/** Falco Talon's own namespace, as the tested clients know it. */
const OWN_NAMESPACE = 'falco-talon';

/** One request an API server has received. */
export interface TestedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: number;
}

/** One rule of a role. */
export interface AccessRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** An API server with access control that keeps what it was asked: `startFakeKubernetes()` gives one. */
export interface TestedCluster {
  readonly requests: readonly TestedRequest[];
  clearRequests(): void;
  addUser(user: { readonly name: string; readonly rules: readonly AccessRule[] }): void;
  writeKubeconfig(path: string, options?: { readonly user?: string }): Promise<void>;
  /** Where the commands run in a container leave their files; three levels below the folder of all containers. */
  containerFolder?(namespace: string, pod: string, container: string): string;
}

export interface KubernetesSuiteOptions {
  /** Asked when the tests run, after the `beforeAll` of the spec file. */
  readonly cluster: () => TestedCluster;
  /** Alerts it can act on, with which its examples succeed. A function is asked after `prepare`. */
  readonly events: readonly FalcoEvent[] | (() => readonly FalcoEvent[]);
  /** Brings the cluster into the state in which the examples succeed. Called before every run. */
  readonly prepare?: () => unknown;
}

export function eventsOf({ events }: Pick<KubernetesSuiteOptions, 'events'>): readonly FalcoEvent[] {
  return typeof events === 'function' ? events() : events;
}

/** What a Role made from the metadata grants. */
export function rulesOf(actionner: Pick<Actionner, 'permissions'>): readonly AccessRule[] {
  return actionner.permissions.flatMap((permission) =>
    permission.kind === 'kubernetes'
      ? [{ apiGroups: [permission.apiGroup], resources: permission.resources, verbs: permission.verbs }]
      : [],
  );
}

/** `deployments.apps`, `pods/exec`: as kubectl and the errors of the client name a resource. */
export function resourceText(group: string, resource: string): string {
  const [plural = '', subresource] = resource.split('/');
  return `${plural}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
}

/** Clients for a user with exactly these rights, kept until the tests of this `describe` are over. */
export function identities<U extends Uses>(cluster: () => TestedCluster, uses: U | undefined) {
  let folder = '';
  let count = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'testkit-kubernetes-'));
  });
  const opened: OpenClients<U>[] = [];
  afterAll(async () => {
    for (const one of opened) await one.close();
    await rm(folder, { recursive: true, force: true });
  });
  const clientsOf = async (user?: string): Promise<Clients<U>> => {
    const kubeconfig = join(folder, `kubeconfig-${++count}`);
    await cluster().writeKubeconfig(kubeconfig, user === undefined ? {} : { user });
    const one = await openClients(uses, { settings: { kubernetes: { kubeconfig, namespace: OWN_NAMESPACE } } });
    opened.push(one);
    return one.clients;
  };
  return {
    administrator: () => clientsOf(),
    with(rules: readonly AccessRule[]): Promise<Clients<U>> {
      const name = `system:serviceaccount:talon:tested-${++count}`;
      cluster().addUser({ name, rules });
      return clientsOf(name);
    },
    /** A file nobody has made, in that folder. */
    unmade: () => join(folder, 'made-by-an-attacker'),
  };
}
