import { readdir } from 'node:fs/promises';
import { NAMESPACES, NODES, type Kubernetes, type Resource } from '@falco-talon/client-kubernetes';
import { errorText, isTalonError } from '@falco-talon/core';
import { RUN_LABEL, type Run } from '../run.ts';
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES } from './resources.ts';
import { CORDONED_PREFIX } from './cordoned.ts';
import { until } from './until.ts';

/**
 * Takes away everything that carries the label of this run, and makes nodes schedulable again that it cordoned.
 * @returns what could not be taken away, in words
 */
export async function cleanUp(client: Kubernetes, run: Run): Promise<readonly string[]> {
  const left: string[] = [];
  const note = (what: string) => (error: unknown) => void left.push(`${what}: ${errorText(error)}`);
  await uncordon(client, run, note);
  for (const resource of [NODES, CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, NAMESPACES]) {
    await removeAll(client, resource, run, note).catch(note(resource.plural));
  }
  if (run.cluster.controllers) {
    await until(
      'namespaces of this run are gone',
      async () => (await mine(client, NAMESPACES, run)).length === 0,
    ).catch(note(`kubectl get namespaces -l ${RUN_LABEL}=${run.id}`));
  }
  return left;
}

type Note = (what: string) => (error: unknown) => void;

async function removeAll(client: Kubernetes, resource: Resource, run: Run, note: Note): Promise<void> {
  for (const { metadata } of await mine(client, resource, run)) {
    await client
      .delete(resource, { name: metadata.name }, { signal: AbortSignal.timeout(30_000) })
      .catch((error: unknown) => {
        if (!isTalonError(error) || (error.code !== 'target_gone' && error.code !== 'conflict')) {
          note(`${resource.plural} ${metadata.name}`)(error);
        }
      });
  }
}

function mine(client: Kubernetes, resource: Resource, { id }: Run) {
  return client.list(resource, { labelSelector: `${RUN_LABEL}=${id}`, signal: AbortSignal.timeout(30_000) });
}

async function uncordon(client: Kubernetes, { folder }: Run, note: Note): Promise<void> {
  for (const file of await readdir(folder)) {
    if (!file.startsWith(CORDONED_PREFIX)) continue;
    const name = file.slice(CORDONED_PREFIX.length);
    await client
      .patch(
        NODES,
        { name },
        { type: 'merge', body: { spec: { unschedulable: null } } },
        { signal: AbortSignal.timeout(30_000) },
      )
      .catch(note(`node ${name} is still cordoned, kubectl uncordon ${name}`));
  }
}
