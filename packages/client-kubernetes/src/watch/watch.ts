import { setTimeout as pause } from 'node:timers/promises';
import { isTalonError } from '@falco-talon/core';
import { answerError, lostError, tooManyObjects, unreadableError } from '../failure.ts';
import type { KubernetesObject, Resource, WatchEvent, WatchOptions } from '../kubernetes.ts';
import type { Limits } from '../limits.ts';
import { listSnapshot } from '../list.ts';
import { checkSubdomain } from '../names.ts';
import { collectionPath, resourceText } from '../path.ts';
import { queryText } from '../query.ts';
import { perform, unlessAborted, type Call, type Session } from '../transport/call.ts';
import { createKnown, type Known } from './known.ts';
import { createPatience, tooOld, type Patience } from './patience.ts';
import { readEvents } from './read-events.ts';

/** A server that has not come as far as the version says nothing: a watch with neither event nor bookmark, so often in turn. */
const MOST_QUIET = 2;
/** Milliseconds. A watch that ends sooner, without a word, is begun again like one that failed: not at once. */
const SHORTEST = 1_000;

/** What a watch has come to, kept over its connections. */
interface Progress<T> {
  readonly known: Known<T>;
  readonly patience: Patience;
  /** Undefined: what there is has to be listed first. */
  version: string | undefined;
  quiet: number;
}

/** `Kubernetes.watch` over a session. */
export async function* watchObjects<T extends KubernetesObject>(
  session: Session,
  limits: Limits,
  resource: Resource,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>, never, void> {
  const selection = selectionOf(resource, options);
  const progress: Progress<T> = {
    known: createKnown((options.known ?? []) as readonly T[]),
    patience: createPatience(limits),
    version: options.resourceVersion,
    quiet: 0,
  };
  for (;;) {
    const call = watchCall(resource, selection, limits, progress.version);
    try {
      if (progress.version === undefined) yield* catchUp(session, limits, resource, selection, progress);
      else yield* follow(session, limits, call, progress);
    } catch (error) {
      if (!isTalonError(error) || options.signal.aborted || session.closed()) throw error;
      const wait = progress.patience.waitAfter(error);
      if (tooOld(error)) progress.version = undefined;
      if (wait > 0) await unlessAborted(pause(wait, undefined, { signal: options.signal }), call);
    }
  }
}

/** Lists, and gives what differs from what is known. */
async function* catchUp<T extends KubernetesObject>(
  session: Session,
  limits: Limits,
  resource: Resource,
  selection: Selection,
  progress: Progress<T>,
): AsyncGenerator<WatchEvent<T>, void> {
  const { name: _name, ...options } = selection;
  const { objects, resourceVersion } = await listSnapshot<T>(session, limits, resource, options);
  for (const event of progress.known.changesTo(objects)) {
    progress.known.note(event);
    yield event;
  }
  progress.version = resourceVersion;
  progress.quiet = 0;
}

/** One watch, until it ends. @throws TalonError when it did not end well */
async function* follow<T extends KubernetesObject>(
  session: Session,
  limits: Limits,
  call: Call,
  progress: Progress<T>,
): AsyncGenerator<WatchEvent<T>, void> {
  const { known, patience } = progress;
  const answer = await perform(session, call, { ...limits, attempts: 1, streamSilence: limits.watchSilence });
  if (!answer.stream) throw unreadableError(call, answer, 'the answer is no stream');
  const began = performance.now();
  let quiet = true;
  for await (const received of readEvents<T>(call, answer, answer.stream, limits)) {
    if (received.type === 'error') {
      const { status, body } = received;
      throw answerError(call, { ...answer, status, headers: {}, body }, session.now());
    }
    quiet = false;
    patience.progress();
    if (received.type === 'bookmark') progress.version = received.version;
    else {
      progress.version = received.object.metadata.resourceVersion;
      known.note(received);
      if (known.size > limits.listObjects) throw tooManyObjects(call, limits.listObjects);
      yield received;
    }
  }
  if (!quiet) {
    progress.quiet = 0;
    return;
  }
  if (performance.now() - began < SHORTEST) {
    throw lostError(call, { lost: 'network', sent: true, text: 'the watch ended as soon as it had begun' });
  }
  patience.progress();
  if (++progress.quiet >= MOST_QUIET) progress.version = undefined;
}

type Selection = Pick<WatchOptions, 'signal' | 'namespace' | 'name' | 'labelSelector' | 'fieldSelector'>;

function selectionOf(resource: Resource, options: WatchOptions): Selection {
  const { namespace, name, labelSelector, signal } = options;
  const fields = [
    ...(name === undefined ? [] : [`metadata.name=${checkSubdomain(`name of a ${resource.kind}`, name)}`]),
    ...(options.fieldSelector === undefined ? [] : [options.fieldSelector]),
  ];
  return {
    signal,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fields.length === 0 ? {} : { fieldSelector: fields.join(',') }),
  };
}

function watchCall(resource: Resource, selection: Selection, limits: Limits, version: string | undefined): Call {
  return {
    method: 'GET',
    path: collectionPath(resource, selection.namespace),
    query: queryText({
      watch: true,
      allowWatchBookmarks: true,
      timeoutSeconds: Math.ceil(limits.watchTime / 1000),
      resourceVersion: version,
      labelSelector: selection.labelSelector,
      fieldSelector: selection.fieldSelector,
    }),
    stream: true,
    verb: 'watch',
    resource: resourceText(resource),
    namespace: selection.namespace,
    name: selection.name,
    signal: selection.signal,
  };
}
