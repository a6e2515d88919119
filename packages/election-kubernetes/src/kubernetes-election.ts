import { defineElection, errorText, isTalonError, TalonError } from '@falco-talon/core';
import { kubernetes, runsInCluster } from '@falco-talon/client-kubernetes';
import { createCandidate, type Candidate } from './candidate.ts';
import { createReplicas } from './replicas.ts';
import { periodsOf, settings } from './settings.ts';

/** In periods of retry: who replicas are changes less often than who leads. */
const READ_EVERY = 5;

export const kubernetesElection = defineElection({
  name: 'kubernetes',
  description: 'Replicas choose one of them by a Lease in their namespace: it acts, the others accept and hand over.',
  settings,
  uses: { kubernetes },
  permissions: [
    {
      kind: 'kubernetes',
      apiGroup: 'coordination.k8s.io',
      resources: ['leases'],
      verbs: ['get', 'list', 'create', 'update', 'delete'],
      when: 'Falco Talon runs in a cluster and `deduplication.leader_election` is on; only in its own namespace',
    },
  ],

  async absent({ settings: { outside_cluster: outside }, environment }) {
    if (outside || (await runsInCluster(environment))) return undefined;
    return 'this process does not run in a cluster (election.kubernetes.outside_cluster: true chooses a leader all the same)';
  },

  async stand({ settings: values, clients, self, logger, now }) {
    const client = clients.kubernetes;
    const periods = periodsOf(values);
    const leaseName = values.lease_name;
    if (client.ownNamespace === '')
      throw new TalonError(
        'invalid_config',
        'leader election needs to know the namespace Falco Talon runs in; set namespace in the configuration',
      );
    const watchers = new Set<() => void>();
    const changed = () => {
      for (const watcher of watchers) watcher();
    };
    let candidate: Candidate | undefined;
    const leads = () => candidate?.lead() !== undefined;
    const replicas = createReplicas({
      client,
      leaseName,
      self,
      readEvery: READ_EVERY * periods.retry,
      leads,
      changed,
      logger,
      now,
    });
    const { identity } = self;
    const standing = createCandidate({ client, leaseName, identity, periods, changed, logger, now });
    candidate = standing;
    const close = async () => {
      await Promise.all([standing.close(), replicas.close()]);
    };
    try {
      await replicas.begin();
      await standing.begin();
    } catch (error) {
      await close();
      if (!isTalonError(error) || error.code !== 'forbidden') throw error;
      throw new TalonError(
        'forbidden',
        `leader election is not allowed: allow get, list, create, update and delete on leases of coordination.k8s.io in the namespace ${client.ownNamespace}, or, with one replica only, set deduplication.leader_election to false (${errorText(error)})`,
        { cause: error },
      );
    }
    return {
      lead: () => standing.lead(),
      leader() {
        const holder = standing.holder();
        if (holder === undefined) return undefined;
        const replica = replicas.known(holder);
        if (!replica) replicas.refresh();
        return replica;
      },
      others: () => replicas.others(),
      replica: (id) => replicas.find(id),
      announce: (next) => replicas.announce(next),
      watch: (watcher) => void watchers.add(watcher),
      close,
    };
  },
});
