import { NODES, type Kubernetes } from '@falco-talon/client-kubernetes';
import { isTalonError } from '@falco-talon/core';
import type { ClusterFacts } from '../run.ts';
import type { Settings } from '../settings.ts';
import type { Node } from './resources.ts';

const CALICO_GROUPS = ['projectcalico.org', 'crd.projectcalico.org'];

/** What this cluster is able to do. `own`: an API server without controllers that these tests started. */
export async function inspect(client: Kubernetes, settings: Settings, own: boolean): Promise<ClusterFacts> {
  const signal = AbortSignal.timeout(60_000);
  const nodes = await client.list<Node>(NODES, { signal });
  const node = settings.node === undefined ? nodes.find(takesPods) : chosen(nodes, settings.node);
  const calico: string[] = [];
  for (const group of CALICO_GROUPS) if (await serves(client, 'networkpolicies', group)) calico.push(group);
  return {
    ...(node === undefined ? {} : { node: node.metadata.name }),
    ...(settings.node === undefined
      ? {}
      : { hostname: node?.metadata.labels?.['kubernetes.io/hostname'] ?? settings.node }),
    controllers: !own,
    ...(calico[0] === undefined ? {} : { calico: calico[0] }),
    cilium: await serves(client, 'ciliumnetworkpolicies', 'cilium.io'),
    drain: settings.drain,
  };
}

/** One sentence for each part that will not run, so that a skipped test is never taken for a passed one. */
export function leftOut(facts: ClusterFacts): readonly string[] {
  return [
    ...(facts.node === undefined
      ? [
          'no node is ready: everything that needs a running container is left out (log, exec, script, download, captures)',
        ]
      : []),
    ...(facts.calico === undefined ? ['no Calico kinds: calico:networkpolicy is left out'] : []),
    ...(facts.cilium ? [] : ['no Cilium kinds: cilium:networkpolicy is left out']),
    ...(facts.node !== undefined && !facts.drain
      ? ['drain only meets a node that these tests register; E2E_DRAIN=1 also drains the node that is used by others']
      : []),
  ];
}

/** Its taints are tolerated. @throws Error when it is not there or not ready */
function chosen(nodes: readonly Node[], name: string): Node {
  const node = nodes.find(({ metadata }) => metadata.name === name);
  if (node !== undefined && isReady(node)) return node;
  throw new Error(`E2E_NODE: ${node === undefined ? 'there is no node' : 'not ready is node'} ${name}`);
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}

function takesPods(node: Node): boolean {
  const { metadata, spec } = node;
  const blocked = spec.taints?.some((taint) => 'effect' in taint && taint.effect !== 'PreferNoSchedule') === true;
  return (
    isReady(node) && !blocked && spec.unschedulable !== true && metadata.labels?.['kubernetes.io/os'] !== 'windows'
  );
}

async function serves(client: Kubernetes, plural: string, group: string): Promise<boolean> {
  try {
    return (await client.resources.find(plural, { group, signal: AbortSignal.timeout(30_000) })).length > 0;
  } catch (error) {
    if (isTalonError(error) && error.code === 'unsupported') return false;
    throw error;
  }
}
