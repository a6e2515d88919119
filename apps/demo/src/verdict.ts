import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutcomeRecord } from '@falco-talon/core';
import type { KubernetesObject } from '@falco-talon/client-kubernetes';
import type { DemoAlert } from './alerts.ts';
import type { Pod } from './cluster.ts';

export interface Played {
  readonly alert: DemoAlert;
  readonly traceId: string;
  readonly postedAt: number;
}

export interface Ending {
  readonly played: readonly Played[];
  /** How many the server took for duplicates. */
  readonly duplicates: number;
  readonly told: readonly OutcomeRecord[];
  readonly before: readonly Pod[];
  readonly after: readonly Pod[];
  readonly policies: readonly KubernetesObject[];
}

/** What differs from the state the cluster must end in; empty when all is as it should be. */
export async function differences({
  played,
  duplicates,
  told,
  before,
  after,
  policies,
}: Ending): Promise<readonly string[]> {
  const wrong: string[] = [];
  const check = (holds: boolean, text: string) => void (holds || wrong.push(text));

  const repeated = played.filter(({ alert }) => alert.duplicate).length;
  check(duplicates === repeated, `${duplicates} alerts were taken for duplicates, not ${repeated}`);
  for (const { alert, traceId } of played) {
    const records = told.filter((record) => record.trace_id === traceId);
    const actions = records
      .filter(({ stage }) => stage === 'action')
      .map(({ action, status }) => `${action} ${status}`);
    check(
      actions.join() === alert.expected.join(),
      `${alert.title}: expected [${alert.expected.join(', ')}], got [${actions.join(', ')}]`,
    );
    const stored = records.filter(({ stage, status }) => stage === 'output' && status === 'success');
    check(
      stored.length === alert.uploads,
      `${alert.title}: expected ${alert.uploads} stored artifacts, got ${stored.length}`,
    );
    for (const { objects } of stored) {
      const path = storedAt(objects);
      const bytes = await readFile(path).catch(() => Buffer.alloc(0));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      check(bytes.length > 0 && sha256 === objects?.['sha256'], `${path} is not what was recorded`);
    }
  }

  const uidOf = (pods: readonly Pod[], app: string) => pods.filter((pod) => pod.app === app).map(({ uid }) => uid);
  const isThere = (pod: Pod | undefined) => after.find(({ uid }) => uid === pod?.uid);
  const first = (app: string) => before.find((pod) => pod.app === app);
  const victim = first('cart');
  check(isThere(victim) === undefined, `pod ${victim?.name} is still there`);
  check(
    uidOf(before, 'cart')
      .slice(1)
      .every((uid) => after.some((pod) => pod.uid === uid)),
    'another replica of cart is gone too',
  );
  const agent = isThere(first('agent'));
  check(
    agent?.labels['analysis/status'] === 'suspicious' && !agent.terminating,
    'the DaemonSet pod is not labelled and alive',
  );
  const miner = isThere(first('miner'));
  check(
    miner !== undefined && !miner.terminating && miner.labels['analysis/status'] === undefined,
    'the dry run changed something',
  );
  const payment = isThere(first('payment'));
  check(payment?.labels['analysis/reason'] === 'network', 'the isolated pod is not labelled');
  check(
    policies.length === 1 && payment !== undefined && selects(policies[0], payment),
    'there is not exactly one policy that selects the isolated pod',
  );
  return wrong;
}

/** Path of an artifact that `local:file` stored. */
export function storedAt(objects: Readonly<Record<string, string>> = {}): string {
  return join(objects['destination'] ?? '', objects['file'] ?? '');
}

function selects(policy: KubernetesObject | undefined, pod: Pod): boolean {
  const selector = policy?.spec?.['podSelector'] as { matchLabels?: Record<string, string> } | undefined;
  const labels = Object.entries(selector?.matchLabels ?? {});
  return labels.length > 0 && labels.every(([key, value]) => pod.labels[key] === value);
}
