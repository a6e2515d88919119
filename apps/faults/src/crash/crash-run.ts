import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FakeKubernetes, ReceivedRequest } from '@falco-talon/fake-kubernetes';
import {
  account,
  sayAccount,
  startCluster,
  startListener,
  startSender,
  startTalon,
  until,
  type Talon,
} from '../harness/index.ts';
import type { FaultRun } from '../scenario.ts';
import { alertOf, objectsOf, OWN_NAMESPACE, rulesOf, type CrashedAction } from './actions.ts';
import type { Boundary } from './boundaries.ts';
import { HOLD_FILE } from './held-queue.ts';

/** What one action came to. */
export interface End {
  /** Of its records, each once. */
  readonly statuses: readonly string[];
  /** What of its rule was told, each once. */
  readonly steps: readonly string[];
  /** What its target is like, and what was kept. */
  readonly state: string;
  /** Commands that ran in its pod. */
  readonly runs: number;
}

export interface CrashEnd {
  readonly actions: ReadonlyMap<string, End>;
  /** Objects that were taken away or told to end by more than one request, by uid. */
  readonly twice: readonly string[];
  /** Requests that take something away without naming its uid. */
  readonly unnamed: readonly string[];
}

const CONFIG = {
  watch_rules: false,
  deduplication: { time_window_seconds: 0 },
  plugins: [
    ...['actionner-kubernetes', 'actionner-calico', 'actionner-cilium', 'output-file', 'notifier-webhook'].map(
      (name) => `@falco-talon/${name}`,
    ),
    fileURLToPath(import.meta.resolve('./held-queue.ts')),
  ],
};

/** Sends one alert for each action, kills the program when all are at the boundary, and starts it again. */
export async function crashAt(
  run: FaultRun,
  name: string,
  actions: readonly CrashedAction[],
  boundary: Boundary | undefined,
): Promise<CrashEnd> {
  const directory = join(run.directory, name);
  const evidence = (action: string) => join(directory, 'evidence', action);
  for (const action of actions) await mkdir(evidence(action.name), { recursive: true });
  const fake = await startCluster(run, { objects: objectsOf(actions) });
  const runs = new Map<string, number>();
  fake.onExec({}, ({ namespace, stdout }) => {
    runs.set(namespace, (runs.get(namespace) ?? 0) + 1);
    stdout.write('what happened');
    return 0;
  });
  for (const action of actions) fake.setPodLog(action.name, 'cart', 'main', 'what happened');
  const fault = boundary?.fault && strike(fake, boundary.fault, actions);
  const taken = countTaken(fake);
  const listener = await startListener(run);
  if (boundary?.untold) listener.hold();

  const talon = await startTalon(run, {
    name,
    queue: 'held',
    rules: rulesOf(actions, evidence),
    config: JSON.stringify(CONFIG),
    kubeconfig: fake.kubeconfig(),
    files: boundary?.hold ? { [HOLD_FILE]: JSON.stringify(boundary.hold) } : {},
    environment: {
      FALCO_TALON_NAMESPACE: OWN_NAMESPACE,
      FALCO_TALON_DEFAULT_NOTIFIERS: 'webhook',
      FALCO_TALON_NOTIFIERS_WEBHOOK_URL: listener.url,
    },
  });
  const count = actions.length;
  const sender = startSender(run, talon.url, { perSecond: 1_000, count, body: (n) => alertOf(actions[n]!) });
  await sender.done;
  if (boundary) {
    const told = () => new Set(listener.records.map(({ rule }) => rule)).size;
    await until(async () => {
      if (boundary.told && told() < actions.length) return false;
      if (fault) return fault.reached();
      return (await held(talon)) >= actions.length;
    }, run.signal);
    await talon.kill();
    fault?.release();
    listener.release();
    await rm(join(directory, HOLD_FILE), { force: true });
    await talon.start();
  }
  await talon.drained();
  await talon.stop();
  await fake.until(() => fake.objects('pods').every(({ metadata }) => metadata.deletionTimestamp === undefined));
  run.say(
    boundary ? `killed ${boundary.name}: ${actions.length} actions` : `without a crash: ${actions.length} actions`,
  );
  const told = new Set(listener.records.filter(({ stage }) => stage === 'action').map(({ trace_id: trace }) => trace));
  const hasEffect = ({ traceId }: { readonly traceId: string }) => told.has(traceId);
  const all = { sent: sender.sent, lines: talon.lines(), killed: boundary !== undefined, hasEffect };
  const result = await account(all);
  sayAccount(run, result);
  run.expect('every alert is accepted', result.accepted === actions.length);

  const ends = new Map<string, End>();
  for (const action of actions) {
    const about = listener.records.filter(({ rule, stage }) => rule === action.name && stage === 'action');
    ends.set(action.name, {
      statuses: [...new Set(about.filter((record) => record.action === 'act').map(({ status }) => status))],
      steps: [...new Set(about.map(({ action: step }) => String(step)))].toSorted(),
      state: await stateOf(fake, action, evidence(action.name)),
      runs: runs.get(action.name) ?? 0,
    });
  }
  return { actions: ends, ...taken() };
}

async function held(talon: Talon): Promise<number> {
  const ids = new Set<unknown>();
  for await (const line of talon.lines()) if (line.message === 'held') ids.add(line['id']);
  return ids.size;
}

function strike(fake: FakeKubernetes, kind: NonNullable<Boundary['fault']>, actions: readonly CrashedAction[]) {
  const seen = new Map<string, number>();
  const match = (request: ReceivedRequest) => {
    const action = actions.find(({ acts }) => acts(request));
    if (action) seen.set(action.name, (seen.get(action.name) ?? 0) + 1);
    return action !== undefined;
  };
  const fault = fake.fault(kind === 'unavailable' ? { kind: 'status', status: 503, match } : { kind, match });
  return {
    reached: () => seen.size === actions.length,
    release: () => fault.release(),
  };
}

/** To be called after the faults: what they keep from being carried out does not count. */
function countTaken(fake: FakeKubernetes): () => Pick<CrashEnd, 'twice' | 'unnamed'> {
  const counts = new Map<string, number>();
  const unnamed: string[] = [];
  fake.fault({
    kind: 'latency',
    ms: 0,
    match({ method, path, resource, subresource, namespace, name, body }) {
      if (method !== 'DELETE' && subresource !== 'eviction') return false;
      const options = body as { deleteOptions?: object; preconditions?: { uid?: string } } | undefined;
      const { preconditions } = (options?.deleteOptions ?? options ?? {}) as { preconditions?: { uid?: string } };
      const found = fake.get(resource, namespace, name)?.metadata.uid;
      if (preconditions?.uid === undefined) unnamed.push(`${method} ${path}`);
      else if (found === preconditions.uid) counts.set(found, (counts.get(found) ?? 0) + 1);
      return false;
    },
  });
  return () => ({ unnamed, twice: [...counts].flatMap(([uid, count]) => (count > 1 ? [uid] : [])) });
}

/** What matters of an action's target, in text that can be compared. */
async function stateOf(fake: FakeKubernetes, { name }: CrashedAction, evidence: string): Promise<string> {
  const specs = (plural: string) => fake.objects(plural, name).map(({ metadata, spec }) => [metadata.name, spec]);
  const kept = await Promise.all((await readdir(evidence)).map((file) => readFile(join(evidence, file), 'utf8')));
  return JSON.stringify({
    pods: fake
      .objects('pods', name)
      .map(({ metadata }) => JSON.stringify([metadata.name, metadata.labels, metadata.annotations]))
      .toSorted(),
    configmaps: fake.objects('configmaps', name).map(({ metadata }) => metadata.name),
    policies: [specs('networkpolicies'), specs('ciliumnetworkpolicies')],
    cordoned: fake.get('nodes', '', name)?.spec?.['unschedulable'] ?? false,
    jobs: fake.objects('jobs', OWN_NAMESPACE).length,
    // An interrupted attempt's artifact is evidence beside that of the repeat.
    kept: [...new Set(kept)],
  });
}
