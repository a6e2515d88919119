import { mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubernetes } from '@falco-talon/client-kubernetes';
import type { OutcomeRecord, Permission, Plugin } from '@falco-talon/core';
import { startTestEngine } from '@falco-talon/testkit/engine';
import { plugins } from 'falco-talon';
import { environmentFor } from '../cluster/connect.ts';
import type { Pod } from '../cluster/resources.ts';
import { impersonate } from './impersonate.ts';
import { accountWith, rightsOf, rightText, type Right } from './rights.ts';
import type { TestCluster } from './use-cluster.ts';

export interface Order {
  /** `kubernetes:label` */
  readonly actionner: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** What the alert is about; its fields name it as Falco would. */
  readonly pod?: Pod;
  /** Container of the event; default the pod's first. */
  readonly container?: string;
  /** Falco's; default `syscall`. */
  readonly source?: string;
  /** Output fields beside those of the pod; `undefined` takes one away. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly contexts?: readonly string[];
  readonly notifiers?: readonly string[];
  /** Keeps the artifact in a folder. */
  readonly keep?: boolean;
  readonly dryRun?: boolean;
  /** Falco Talon's own namespace, which it spares; default `default`. */
  readonly ownNamespace?: string;
  /**
   * The account that acts has exactly the rights the actionner (and the contexts and notifiers) name; less this one when
   * given, as in `patch pods`.
   */
  readonly without?: string;
}

export interface Response {
  readonly action: OutcomeRecord;
  /** Of the output, when something was kept. */
  readonly output?: OutcomeRecord;
  readonly artifact?: Buffer;
}

let accounts = 0;

/** The shipped engine and plugins respond to one alert, under an account of exactly the rights they name. */
export async function respond(cluster: TestCluster, order: Order): Promise<Response> {
  const shipped: readonly Plugin[] = (await plugins()).map((module) => module.default);
  const folder = await mkdtemp(join(cluster.run.folder, 'response-'));
  const kept = join(folder, 'artifacts');
  await mkdir(kept);
  const user = await accountWith(cluster, `talon-${++accounts}`, rightsFor(shipped, order));
  const environment = environmentFor(await impersonate(cluster.run.kubeconfig, user, join(folder, 'kubeconfig')));
  const engine = await startTestEngine({
    plugins: shipped,
    rules: JSON.stringify([ruleFor(order, kept)]),
    clients: { [kubernetes.id]: { kubeconfig: '', namespace: order.ownNamespace ?? 'default' } },
    environment,
  });
  try {
    const accepted = await engine.post(alertFor(order));
    if (accepted.kind !== 'accepted') throw new Error(`the alert was not accepted: ${JSON.stringify(accepted)}`);
    const [action] = (await engine.outcomes(1)) as [OutcomeRecord];
    if (order.notifiers !== undefined) await engine.until(() => engine.notifications.length > 0);
    if (!order.keep || action.status !== 'success') return { action };
    const output = (await engine.outcomes(2))[1]!;
    const [file] = await readdir(kept);
    return { action, output, ...(file === undefined ? {} : { artifact: await readFile(join(kept, file)) }) };
  } finally {
    await engine.close();
  }
}

function rightsFor(shipped: readonly Plugin[], order: Order): readonly Right[] {
  const permissions: Permission[] = [];
  for (const plugin of shipped) {
    for (const part of plugin.actionners ?? []) {
      if (order.actionner === `${plugin.category}:${part.name}`) permissions.push(...part.permissions);
    }
    for (const part of plugin.contexts ?? []) {
      if (order.contexts?.includes(part.name)) permissions.push(...part.permissions);
    }
    for (const part of plugin.notifiers ?? []) {
      if (order.notifiers?.includes(part.name)) permissions.push(...(part.permissions ?? []));
    }
  }
  const rights = rightsOf(permissions);
  const left = rights.filter((right) => rightText(right) !== order.without);
  if (order.without !== undefined && left.length === rights.length) {
    throw new Error(`${order.actionner} does not name the right ${order.without}`);
  }
  return left;
}

function ruleFor(order: Order, destination: string) {
  return {
    rule: 'E2E',
    match: { rules: ['Something happened'] },
    ...(order.notifiers === undefined ? {} : { notifiers: order.notifiers }),
    ...(order.dryRun ? { dry_run: true } : {}),
    actions: [
      {
        action: 'Act',
        actionner: order.actionner,
        parameters: order.parameters ?? {},
        ...(order.contexts === undefined ? {} : { contexts: order.contexts }),
        ...(order.keep ? { output: { target: 'local:file', parameters: { destination } } } : {}),
      },
    ],
  };
}

function alertFor({ pod, source = 'syscall', container, fields = {} }: Order) {
  const statuses = pod?.status?.containerStatuses ?? [];
  const id = (statuses.find(({ name }) => name === container) ?? statuses[0])?.containerID;
  return {
    rule: 'Something happened',
    priority: 'Warning',
    source,
    hostname: pod?.spec?.nodeName ?? 'falco',
    output: 'Something happened in a container',
    output_fields: {
      ...(pod && {
        'k8s.ns.name': pod.metadata.namespace,
        'k8s.pod.name': pod.metadata.name,
        'k8s.pod.uid': pod.metadata.uid,
        // Falco gives the first twelve digits.
        ...(id && { 'container.id': id.replace(/^.*:\/\//, '').slice(0, 12) }),
      }),
      ...fields,
    },
  };
}
