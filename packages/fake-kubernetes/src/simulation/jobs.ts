import { randomUUID } from 'node:crypto';
import { enforcePodSecurity } from '../admission/pod-security.ts';
import type { ApiObject } from '../api-object.ts';
import { copyObject, timestamp } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { at, isObject, textAt } from '../json.ts';
import { deleteObject } from '../operations/delete.ts';
import { PODS } from '../resources/core.ts';
import { randomSuffix, setDefaults } from '../resources/defaults.ts';
import { servedPlural } from '../resources/served.ts';
import { Refusal } from '../server/answer.ts';
import type { Cluster } from '../server/request.ts';
import { seed } from '../storage/seed.ts';

export interface JobController {
  stop(): void;
}

const numberAt = (job: ApiObject, field: string): number | undefined => {
  const value = at(job, 'spec', field);
  return typeof value === 'number' ? value : undefined;
};

/**
 * Does for Jobs what the controllers do, as far as a Job of one pod needs it: makes the pod, counts it when it ends, tries
 * again up to `backoffLimit`, ends the Job at `activeDeadlineSeconds`, removes it `ttlSecondsAfterFinished` later, and takes
 * the pods away with it, or leaves them, as its deletion asked.
 */
export function startJobs(cluster: Cluster, delay: number): JobController {
  const { store } = cluster;
  const JOBS = servedPlural(store, 'jobs');
  const timers = new Map<string, NodeJS.Timeout>();
  const now = (): string => timestamp(cluster.now());

  const after = (key: string, ms: number, work: () => void): void => {
    clearTimeout(timers.get(key));
    const timer = setTimeout(() => {
      timers.delete(key);
      work();
    }, ms).unref();
    timers.set(key, timer);
  };
  const current = (job: ApiObject): ApiObject | undefined => {
    const found = store.get(JOBS, job.metadata.namespace ?? '', job.metadata.name);
    return found?.metadata.uid === job.metadata.uid ? found : undefined;
  };
  const podsOf = (job: ApiObject): readonly ApiObject[] =>
    store
      .list(PODS, job.metadata.namespace ?? '')
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid));
  const setStatus = (job: ApiObject, status: JsonObject): void => {
    const seen = current(job);
    if (seen !== undefined) store.put(JOBS, { ...seen, status: { ...seen.status, ...status } });
  };
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    lastProbeTime: now(),
    lastTransitionTime: now(),
    reason,
    message,
  });
  const isFinished = (job: ApiObject): boolean => {
    const conditions = at(job, 'status', 'conditions');
    const last = ['Complete', 'Failed'];
    return Array.isArray(conditions) && conditions.some((one) => last.includes(textAt(one, 'type')));
  };

  const refusedPod = (job: ApiObject, refusal: Refusal): void => {
    const { namespace = '', name, uid } = job.metadata;
    seed(cluster, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${randomUUID().slice(0, 16)}`, namespace },
      involvedObject: { kind: 'Job', namespace, name, uid, apiVersion: 'batch/v1' },
      reason: 'FailedCreate',
      message: `Error creating: ${textAt(refusal.answer.body, 'message')}`,
      source: { component: 'job-controller' },
      firstTimestamp: now(),
      lastTimestamp: now(),
      count: 1,
      type: 'Warning',
    });
  };
  const makePod = (job: ApiObject): void => {
    const { namespace = '', name, uid } = job.metadata;
    const template = at(job, 'spec', 'template');
    const spec = at(template, 'spec');
    const metadata = at(template, 'metadata');
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true, blockOwnerDeletion: true };
    const pod: ApiObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...(isObject(metadata) ? (copyObject(metadata) as object) : {}),
        name: `${name}-${randomSuffix()}`,
        generateName: `${name}-`,
        namespace,
        uid: store.newUid(),
        resourceVersion: '',
        generation: 1,
        creationTimestamp: now(),
        ownerReferences: [owner],
      },
      spec: isObject(spec) ? copyObject(spec) : {},
    };
    setDefaults(pod);
    try {
      enforcePodSecurity(cluster, PODS, pod);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusedPod(job, error);
      return;
    }
    store.put(PODS, pod);
  };

  const finish = (job: ApiObject, conditions: JsonObject[], more: JsonObject = {}): void => {
    clearTimeout(timers.get(`${job.metadata.uid}/deadline`));
    setStatus(job, { active: 0, ready: 0, ...more, conditions });
    const ttl = numberAt(job, 'ttlSecondsAfterFinished');
    if (ttl === undefined) return;
    after(`${job.metadata.uid}/ttl`, ttl * 1000, () => {
      const seen = current(job);
      if (seen !== undefined) deleteObject(cluster, JOBS, seen, { dryRun: false, propagationPolicy: 'Background' });
    });
  };
  const endPods = (job: ApiObject): void => {
    for (const pod of podsOf(job)) deleteObject(cluster, PODS, pod, { dryRun: false });
  };
  const begin = (job: ApiObject): void => {
    const seen = current(job);
    if (seen === undefined || seen.metadata.deletionTimestamp !== undefined || at(seen, 'spec', 'suspend') === true)
      return;
    setStatus(seen, { startTime: now(), active: 1, ready: 0, terminating: 0 });
    const deadline = numberAt(seen, 'activeDeadlineSeconds');
    if (deadline !== undefined) {
      after(`${seen.metadata.uid}/deadline`, deadline * 1000, () => {
        const over = condition('Failed', 'DeadlineExceeded', 'Job was active longer than specified deadline');
        endPods(seen);
        finish(seen, [over], { failed: 1 });
      });
    }
    makePod(seen);
  };
  const podEnded = (job: ApiObject, pod: ApiObject): void => {
    if (isFinished(job)) return;
    if (textAt(pod, 'status', 'phase') === 'Succeeded') {
      const reached = 'Reached expected number of succeeded pods';
      const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) =>
        condition(type, 'CompletionsReached', reached),
      );
      finish(job, conditions, { succeeded: 1, completionTime: now() });
      return;
    }
    const failed = Number(at(job, 'status', 'failed') ?? 0) + 1;
    if (failed > (numberAt(job, 'backoffLimit') ?? 6)) {
      const why = condition('Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit');
      finish(job, [why], { failed });
      return;
    }
    setStatus(job, { failed });
    after(`${job.metadata.uid}/again`, delay, () => {
      const seen = current(job);
      if (seen !== undefined && seen.metadata.deletionTimestamp === undefined) makePod(seen);
    });
  };

  /** A Job that is being deleted goes when its pods are gone, or no longer its own. */
  const letGo = (job: ApiObject): void => {
    const { finalizers = [], deletionTimestamp } = job.metadata;
    if (deletionTimestamp === undefined) return;
    if (finalizers.includes('orphan')) {
      for (const pod of podsOf(job)) {
        const { ownerReferences: _, ...metadata } = pod.metadata;
        store.put(PODS, { ...pod, metadata });
      }
    } else if (finalizers.includes('foregroundDeletion')) {
      for (const pod of podsOf(job)) {
        if (pod.metadata.deletionTimestamp === undefined) deleteObject(cluster, PODS, pod, { dryRun: false });
      }
      if (podsOf(job).length > 0) return;
    } else return;
    const left = finalizers.filter((one) => one !== 'orphan' && one !== 'foregroundDeletion');
    const released = { ...job, metadata: { ...job.metadata, finalizers: left } };
    if (left.length === 0) store.remove(JOBS, released);
    else store.put(JOBS, released);
  };
  const jobChanged = (change: string, job: ApiObject): void => {
    if (change === 'deleted') {
      for (const what of ['deadline', 'ttl', 'again']) clearTimeout(timers.get(`${job.metadata.uid}/${what}`));
      after(`${job.metadata.uid}/pods`, delay, () => endPods(job));
    } else if (change === 'added' && job.status === undefined) {
      after(`${job.metadata.uid}/begin`, delay, () => begin(job));
    } else if (job.metadata.deletionTimestamp !== undefined) {
      after(`${job.metadata.uid}/gone`, delay, () => {
        const seen = current(job);
        if (seen !== undefined) letGo(seen);
      });
    }
  };
  const podChanged = (change: string, pod: ApiObject): void => {
    const reference = pod.metadata.ownerReferences?.find(({ kind }) => kind === 'Job');
    if (reference === undefined) return;
    const job = store.get(JOBS, pod.metadata.namespace ?? '', reference.name);
    if (job === undefined || job.metadata.uid !== reference.uid) return;
    const phase = textAt(pod, 'status', 'phase');
    const gone = change === 'deleted';
    if (job.metadata.deletionTimestamp !== undefined) {
      if (gone) jobChanged('modified', job);
    } else if (ended.has(pod.metadata.uid) || isFinished(job)) return;
    else if (gone || phase === 'Succeeded' || phase === 'Failed') {
      ended.add(pod.metadata.uid);
      podEnded(job, pod);
    } else if (phase === 'Running' && at(job, 'status', 'ready') === 0) setStatus(job, { ready: 1 });
  };
  const ended = new Set<string>();

  const unsubscribe = store.onChange((change, resource, object) => {
    if (resource.kind === 'Job') jobChanged(change, object);
    else if (resource.kind === 'Pod') podChanged(change, object);
  });
  return {
    stop() {
      unsubscribe();
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
