import type { Scope } from '@falco-talon/core';
import type { Resource } from './resources.ts';

export * from './resources.ts';

/** A kind as the cluster says it serves it. */
export interface DiscoveredResource extends Resource {
  /** In RBAC's words: `get`, `delete`, … Some kinds know only a few. */
  readonly verbs: readonly string[];
}

/** Which object. `namespace` exactly when the resource is namespaced. */
export interface ObjectName {
  readonly namespace?: string;
  readonly name: string;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly deletionTimestamp?: string;
  /** Of an object that is being deleted: what it was given, the shortest that was asked for. */
  readonly deletionGracePeriodSeconds?: number;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** Any object of the API. Callers narrow what they read; nothing here is validated beyond being an object with metadata. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  readonly signal: AbortSignal;
}

export interface ListOptions extends CallOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects per page; all pages are read. Default 500. */
  readonly pageSize?: number;
}

export type Patch =
  /** RFC 7386. `null` deletes a key. */
  | { readonly type: 'merge'; readonly body: unknown }
  | { readonly type: 'strategic'; readonly body: unknown }
  /** RFC 6902. */
  | { readonly type: 'json'; readonly body: readonly unknown[] };

export interface WriteOptions extends CallOptions {
  readonly fieldManager?: string;
  /** The server validates and admits, and stores nothing. */
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Take over fields other managers own. */
  readonly force: boolean;
}

export interface DeleteOptions extends CallOptions {
  readonly gracePeriodSeconds?: number;
  /** Refused with `conflict` when the object has another uid: it was re-created under the same name. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly dryRun?: boolean;
  /** Refuse whatever is protected. The protected namespaces themselves are never deleted. */
  readonly spareProtected?: boolean;
  /** It only takes away what the caller itself made: allowed after the caller's time limit. */
  readonly ends?: boolean;
}

export interface EvictOptions extends CallOptions {
  readonly gracePeriodSeconds?: number;
  /** Refused with `conflict` when the pod has another uid: it was re-created under the same name. */
  readonly uid?: string;
  readonly dryRun?: boolean;
}

/** All objects of a list as they were at one moment. */
export interface Snapshot<T> {
  readonly objects: readonly T[];
  /** Where a watch goes on. */
  readonly resourceVersion: string;
}

export interface WatchOptions extends CallOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  /** Only the object of this name. */
  readonly name?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only what changes after this version. Absent: the objects there are come first, as `added`. */
  readonly resourceVersion?: string;
  /** The objects at `resourceVersion`, so that what vanished can be told when that version is no longer kept. */
  readonly known?: readonly KubernetesObject[];
}

/** The last known state of an object that is `deleted`. An object that no longer fits the selectors counts as deleted. */
export interface WatchEvent<T> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: T;
}

export interface FindOptions extends CallOptions {
  /** Empty for the core group. Absent: all groups. */
  readonly group?: string;
}

/** What the cluster serves. */
export interface Discovery {
  /**
   * The resources of this plural, at most one of each group, in the version the group prefers. Remembered for some minutes
   * by the client; looked up once more, though not at once again and again, when there is none.
   * @throws TalonError `unsupported` when there is none, `unavailable` when a group that could have it does not answer
   */
  find(plural: string, options: FindOptions): Promise<readonly DiscoveredResource[]>;
}

export interface LogOptions extends CallOptions {
  readonly container?: string;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
}

export interface ExecOptions extends CallOptions {
  /** Absent: the pod's only container. With several, the API server refuses. */
  readonly container?: string;
  /** Program and arguments, never a shell line. Any text without NUL. */
  readonly command: readonly [string, ...string[]];
  /**
   * Sent to standard input as it comes; input ends when the iterable ends. Absent: no standard input.
   *
   * API servers older than 1.30 cannot be told that the input has ended: there only the end of the connection ends it, which
   * loses the exit code. A command that does not wait for the end (`head -c 1000`) works with all.
   */
  readonly stdin?: AsyncIterable<Uint8Array>;
}

export interface ExecChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

export interface ExecEnd {
  /** 128 and the signal's number when a signal ended the process. */
  readonly exitCode: number;
}

/**
 * Reads only; remembers each answer for the event it was made for, so that a pod is fetched once however many ask.
 * A failed read is not remembered.
 */
export interface KubernetesReads {
  /** @throws TalonError `target_gone` when there is no such object, `forbidden` naming verb and resource, … */
  get<T extends KubernetesObject = KubernetesObject>(
    resource: Resource,
    name: ObjectName,
    options: CallOptions,
  ): Promise<T>;
  list<T extends KubernetesObject = KubernetesObject>(resource: Resource, options: ListOptions): Promise<readonly T[]>;
  readonly resources: Discovery;
  /**
   * The one list of what must not be taken away: the cluster's own namespaces and Falco Talon's, what is in them, and the
   * cluster's own roles and bindings.
   * @throws TalonError `refused`
   */
  refuseProtected(resource: Resource, object: ObjectName): void;
  /** Namespace Falco Talon itself runs in; empty when unknown. */
  readonly ownNamespace: string;
}

/**
 * The Kubernetes API as Falco Talon uses it. Every namespace and name is validated before a URL is built; every call has
 * a time limit beside the caller's signal, and throws only `TalonError`s whose `cause` is a `KubernetesFailure`.
 */
export interface Kubernetes extends KubernetesReads {
  create<T extends KubernetesObject = KubernetesObject>(
    resource: Resource,
    object: Readonly<Record<string, unknown>> & { readonly metadata: Readonly<Record<string, unknown>> },
    options: WriteOptions & { readonly namespace?: string },
  ): Promise<T>;
  replace<T extends KubernetesObject = KubernetesObject>(
    resource: Resource,
    name: ObjectName,
    object: Readonly<Record<string, unknown>>,
    options: WriteOptions,
  ): Promise<T>;
  patch<T extends KubernetesObject = KubernetesObject>(
    resource: Resource,
    name: ObjectName,
    patch: Patch,
    options: WriteOptions,
  ): Promise<T>;
  /** Server-side apply: creates the object or changes the fields this manager owns. */
  apply<T extends KubernetesObject = KubernetesObject>(
    resource: Resource,
    name: ObjectName,
    object: Readonly<Record<string, unknown>>,
    options: ApplyOptions,
  ): Promise<T>;
  /**
   * Adds a container to a pod that runs, beside those it has; one of the same name and the same content is no change. It can
   * never be taken away or changed again, so it has to end by itself. That the pod has it in its spec does not mean that
   * anybody starts it: not in a pod that is done, nor on a node that does not answer.
   * @returns the pod, as stored: the new container may stand anywhere in the list
   * @throws TalonError `forbidden` when RBAC or Pod Security refuses, `rejected` when the pod has another one of that name
   */
  addEphemeralContainer<T extends KubernetesObject = KubernetesObject>(
    pod: Required<ObjectName>,
    container: Readonly<Record<string, unknown>> & { readonly name: string },
    options: WriteOptions,
  ): Promise<T>;
  /** @throws TalonError `refused` for a protected namespace */
  delete(resource: Resource, name: ObjectName, options: DeleteOptions): Promise<void>;
  /**
   * Asks for a pod to be evicted, with respect for its PodDisruptionBudget; not repeated in here when that refuses. Resolves
   * when the pod has been told to stop, also when it was stopping already.
   * @throws TalonError `throttled` for a budget that refuses, with the cause `DisruptionBudget`; `rejected` for two budgets over
   *   one pod; `conflict` for another uid
   */
  evict(pod: Required<ObjectName>, options: EvictOptions): Promise<void>;
  /** A list with the version a watch goes on from. */
  snapshot<T extends KubernetesObject = KubernetesObject>(
    resource: Resource,
    options: ListOptions,
  ): Promise<Snapshot<T>>;
  /**
   * What there is, then every change, in order, until the caller leaves the iteration or the signal aborts. Goes on by itself
   * after time-outs, cut and silent connections, and a restart of the API server; when it has missed changes for good (410) it
   * lists again and gives what differs, as `added`, `modified` or `deleted`.
   * @throws TalonError when it is not allowed, when one object is too large, and the last failure when the API server could
   *   not be watched for two minutes
   */
  watch<T extends KubernetesObject = KubernetesObject>(
    resource: Resource,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, never, void>;
  /** The bytes of a container's log, streamed. */
  podLog(pod: Required<ObjectName>, options: LogOptions): AsyncIterable<Uint8Array>;
  /**
   * Runs a program in a container. Nothing is sent before the first `next()`. The chunks come as the server sends them; a
   * reader that is slow slows the program down. Leaving the iteration, or the signal, closes the connection, which does
   * NOT end the process.
   * @returns the exit code, also when it is not 0
   * @throws TalonError `unsupported` when the container has no such program, `target_gone` when there is no such pod or
   * its container does not run, `forbidden`, `invalid_value`, `rejected`; `outcome_unknown` when the connection broke after the program may
   * have been started
   */
  exec(pod: Required<ObjectName>, options: ExecOptions): AsyncGenerator<ExecChunk, ExecEnd, void>;
  /** A view for one event. */
  reads(scope: Scope): KubernetesReads;
}

/** What the API server said, kept as the `cause` of the error. */
export interface KubernetesFailure {
  readonly kind: 'kubernetes-failure';
  readonly method: string;
  readonly path: string;
  /** 0 when there was no answer. */
  readonly status: number;
  /** The API's own word: `NotFound`, `Forbidden`, `AlreadyExists`, … */
  readonly reason: string;
  /** Cut to a limit: some answers contain the whole object. */
  readonly message: string;
  readonly causes: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
}
