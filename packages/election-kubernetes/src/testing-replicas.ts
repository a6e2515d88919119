import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Candidacy, Replica } from '@falco-talon/core';
import { kubernetes } from '@falco-talon/client-kubernetes';
import { namespace, startFakeKubernetes, type FakeKubernetes, type ObjectInput } from '@falco-talon/fake-kubernetes';
import { testScope } from '@falco-talon/testkit';
import { kubernetesElection } from './kubernetes-election.ts';

export const SETTINGS = {
  lease_name: 'falco-talon',
  lease_duration_seconds: 1,
  renew_deadline_seconds: 0.6,
  retry_period_seconds: 0.1,
  outside_cluster: true,
};
export const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

/** A Lease that nobody holds: the first candidate takes it at once. */
export const FREE_LEASE = {
  ...LEASE,
  metadata: { name: 'falco-talon', namespace: 'talon' },
  spec: { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 6 },
};

export function replicaNamed(identity: string): Replica {
  const { publicKey } = generateKeyPairSync('ed25519');
  const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return { identity, address: `http://${identity}.test:2803`, publicKey: key };
}

export interface Standing extends Candidacy {
  readonly self: Replica;
  readonly scope: ReturnType<typeof testScope>;
  /** Resolves when it leads. */
  led(): Promise<void>;
  until(holds: () => boolean): Promise<void>;
}

export interface World {
  readonly api: FakeKubernetes;
  stand(
    identity: string,
    changes?: { settings?: Partial<typeof SETTINGS>; user?: string; now?: () => number },
  ): Promise<Standing>;
  lease(): Record<string, unknown> | undefined;
  close(): Promise<void>;
}

/** An API server and candidates, each with a client of its own. */
export async function openWorld(objects: readonly ObjectInput[] = []): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'election-'));
  const api = await startFakeKubernetes({ objects: [namespace('talon'), ...objects] });
  const ends: (() => Promise<void>)[] = [];
  return {
    api,
    lease: () => api.get('leases', 'talon', 'falco-talon')?.spec,
    async stand(identity, { settings, user = 'kubernetes-admin', now = Date.now } = {}) {
      const file = join(folder, identity);
      await api.writeKubeconfig(file, { user });
      const scope = { ...testScope(), now };
      const client = await kubernetes.create({
        ...scope,
        settings: { kubeconfig: file, namespace: 'talon' },
        environment: { variables: {}, homeDirectory: folder },
      });
      ends.push(async () => kubernetes.close?.(client));
      const self = replicaNamed(identity);
      const candidacy = await kubernetesElection.stand({
        ...scope,
        self,
        clients: { kubernetes: client },
        settings: { ...SETTINGS, ...settings },
      });
      ends.push(() => candidacy.close());
      const until = (holds: () => boolean) =>
        new Promise<void>((resolve) => {
          const look = () => holds() && resolve();
          candidacy.watch(look);
          look();
        });
      return { ...candidacy, self, scope, until, led: () => until(() => candidacy.lead() !== undefined) };
    },
    async close() {
      api.clearFaults();
      for (const end of ends.toReversed()) await end();
      await api.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
