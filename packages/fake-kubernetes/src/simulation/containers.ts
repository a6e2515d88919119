import { createHash, randomUUID } from 'node:crypto';
import type { ApiObject } from '../api-object.ts';
import { timestamp } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { at, isObject, quote, textAt } from '../json.ts';
import { NODES, PODS } from '../resources/core.ts';
import type { Cluster } from '../server/request.ts';
import { endedStatus, runningStatus, terminated } from '../workloads/pod.ts';

/** A container the simulated kubelet has started. */
export interface StartedContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly image: string;
  /** `command` and `args` of the spec. */
  readonly command: readonly string[];
  /** The container as the spec has it. */
  readonly spec: JsonObject;
  /** Aborted when its pod goes away: what still runs is killed. */
  readonly signal: AbortSignal;
}

/** What runs in a container; resolves with its exit code. */
export type ContainerProcess = (started: StartedContainer) => Promise<number>;

export interface Containers {
  /** What the containers started from now on run; by default something that never ends by itself. */
  run(process: ContainerProcess): void;
  /** An image nobody has: containers made from it wait. */
  missingImage(image: string): void;
  /** Looks again at the pods of a node that was silent. */
  wake(): void;
  stop(): void;
}

const NEVER_ENDING: ContainerProcess = ({ signal }) =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(137);
    signal.addEventListener('abort', () => resolve(137), { once: true });
  });

const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const words = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
const ephemeralOf = (pod: ApiObject): readonly JsonObject[] => list(pod.spec?.['ephemeralContainers']);
const statusesOf = (pod: ApiObject): readonly JsonObject[] => list(at(pod, 'status', 'ephemeralContainerStatuses'));
const isOfJob = (pod: ApiObject): boolean => pod.metadata.ownerReferences?.some(({ kind }) => kind === 'Job') ?? false;

/**
 * Starts what a kubelet starts here: ephemeral containers of running pods, and the pods of Jobs. First they wait, then they
 * run, and they end when their process ends. On a node that does not answer, or does not exist, nothing happens.
 * @param delay Milliseconds between the steps
 */
export function startContainers(cluster: Cluster, delay: number): Containers {
  const { store } = cluster;
  const under = new Map<string, AbortController>();
  const missing = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let process = NEVER_ENDING;
  const now = (): string => timestamp(cluster.now());

  const later = (work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, delay).unref();
    timers.add(timer);
  };
  const current = (pod: ApiObject): ApiObject | undefined => {
    const found = store.get(PODS, pod.metadata.namespace ?? '', pod.metadata.name);
    return found?.metadata.uid === pod.metadata.uid ? found : undefined;
  };
  const nodeRuns = (pod: ApiObject): boolean => {
    const node = textAt(pod, 'spec', 'nodeName');
    const nodes = store.list(NODES, '');
    const exists = nodes.length === 0 || nodes.some(({ metadata }) => metadata.name === node);
    return node !== '' && exists && cluster.nodeAnswers(node);
  };
  const putEphemeral = (pod: ApiObject, status: JsonObject): void => {
    const seen = current(pod);
    if (seen === undefined) return;
    const others = statusesOf(seen).filter(({ name }) => name !== status['name']);
    const sorted = [...others, status].toSorted((a, b) => (textAt(a, 'name') < textAt(b, 'name') ? -1 : 1));
    store.put(PODS, { ...seen, status: { ...seen.status, ephemeralContainerStatuses: sorted } });
  };
  const putMain = (pod: ApiObject, status: (of: ApiObject) => JsonObject): void => {
    const seen = current(pod);
    if (seen !== undefined) store.put(PODS, { ...seen, status: status(seen) });
  };

  /** The states a container waits in when its image cannot be had, one after the other. */
  const imageProblems = (container: JsonObject): readonly JsonObject[] => {
    const image = textAt(container, 'image');
    if (!missing.has(image)) return [];
    if (container['imagePullPolicy'] === 'Never') {
      const message = `Container image ${quote(image)} is not present with pull policy of Never`;
      return [{ waiting: { reason: 'ErrImageNeverPull', message } }];
    }
    const why = `failed to pull and unpack image ${quote(image)}: failed to resolve reference ${quote(image)}: ${image}: not found`;
    return [
      { waiting: { reason: 'ErrImagePull', message: why } },
      {
        waiting: {
          reason: 'ImagePullBackOff',
          message: `Back-off pulling image ${quote(image)}: ErrImagePull: ${why}`,
        },
      },
    ];
  };
  const launch = (pod: ApiObject, container: JsonObject, ended: (exitCode: number) => void): void => {
    const key = `${pod.metadata.uid}/${textAt(container, 'name')}`;
    const abort = under.get(key) ?? new AbortController();
    const started: StartedContainer = {
      namespace: pod.metadata.namespace ?? '',
      pod: pod.metadata.name,
      container: textAt(container, 'name'),
      image: textAt(container, 'image'),
      command: [...words(container['command']), ...words(container['args'])],
      spec: container,
      signal: abort.signal,
    };
    process(started).then(
      (exitCode) => void (abort.signal.aborted || ended(exitCode)),
      () => void (abort.signal.aborted || ended(128)),
    );
  };

  const startEphemeral = (pod: ApiObject, container: JsonObject): void => {
    const name = textAt(container, 'name');
    const waiting = (state: JsonObject): JsonObject => ({
      name,
      state,
      lastState: {},
      ready: false,
      restartCount: 0,
      image: textAt(container, 'image'),
      imageID: '',
    });
    const problems = imageProblems(container);
    putEphemeral(pod, waiting(problems[0] ?? { waiting: { reason: 'ContainerCreating' } }));
    later(() => {
      const seen = current(pod);
      if (seen === undefined) return;
      if (problems.length > 0) {
        putEphemeral(pod, waiting(problems.at(-1)!));
        return;
      }
      const containerID = `containerd://${createHash('sha256').update(randomUUID()).digest('hex')}`;
      const startedAt = now();
      // Never ready: nothing waits for such a container.
      const running = { ...waiting({ running: { startedAt } }), imageID: 'sha256:0', containerID, resources: {} };
      putEphemeral(pod, running);
      launch(pod, container, (exitCode) =>
        putEphemeral(pod, { ...running, state: { terminated: terminated(exitCode, startedAt, now(), containerID) } }),
      );
    });
  };

  const startMain = (pod: ApiObject): void => {
    const [container] = list(pod.spec?.['containers']);
    if (container === undefined) return;
    const problem = imageProblems(container).at(-1);
    const spec = pod.spec ?? {};
    const generation = pod.metadata.generation ?? 1;
    if (problem !== undefined) {
      const running = runningStatus(spec, now(), generation);
      const statuses = list(running['containerStatuses']).map(({ containerID: _id, ...one }) => ({
        ...one,
        state: problem,
        ready: false,
        started: false,
      }));
      putMain(pod, () => ({ ...running, phase: 'Pending', containerStatuses: statuses }));
      return;
    }
    putMain(pod, () => runningStatus(spec, now(), generation));
    launch(pod, container, (exitCode) => putMain(pod, (seen) => endedStatus(seen.status ?? {}, exitCode, now())));
  };

  /** Does the work once, a little later, if the pod is still there and its node answers. */
  const once = (pod: ApiObject, name: string, work: (seen: ApiObject) => void): void => {
    const key = `${pod.metadata.uid}/${name}`;
    if (under.has(key) || !nodeRuns(pod)) return;
    under.set(key, new AbortController());
    later(() => {
      const seen = current(pod);
      if (seen === undefined || seen.metadata.deletionTimestamp !== undefined || !nodeRuns(seen)) under.delete(key);
      else work(seen);
    });
  };
  const look = (pod: ApiObject): void => {
    if (pod.metadata.deletionTimestamp !== undefined) return;
    const phase = textAt(pod, 'status', 'phase');
    if (phase === 'Pending' && isOfJob(pod)) {
      const [container] = list(pod.spec?.['containers']);
      once(pod, textAt(container, 'name'), startMain);
    }
    if (phase !== 'Running') return;
    for (const container of ephemeralOf(pod)) {
      const name = textAt(container, 'name');
      if (!statusesOf(pod).some((status) => status['name'] === name)) {
        once(pod, name, (seen) => startEphemeral(seen, container));
      }
    }
  };
  const kill = (uid: string): void => {
    for (const [key, abort] of under) {
      if (!key.startsWith(`${uid}/`)) continue;
      under.delete(key);
      abort.abort();
    }
  };

  const unsubscribe = store.onChange((change, resource, pod) => {
    if (resource.kind !== 'Pod') return;
    if (change === 'deleted') kill(pod.metadata.uid);
    else look(pod);
  });
  return {
    run: (wanted) => void (process = wanted),
    missingImage: (image) => void missing.add(image),
    wake: () => {
      for (const pod of store.list(PODS, '')) look(pod);
    },
    stop() {
      unsubscribe();
      for (const timer of timers) clearTimeout(timer);
      for (const abort of under.values()) abort.abort();
    },
  };
}
