import { setTimeout as delay } from 'node:timers/promises';
import { isTalonError } from '@falco-talon/core';
import { connectionOf } from '../connection-of.ts';
import { lostError } from '../failure.ts';
import type { Kubernetes, KubernetesObject, ObjectName, Resource } from '../kubernetes.ts';
import { resourceText } from '../path.ts';
import { FIELD_MANAGER } from './marks.ts';
import { readIfThere } from './read-if-there.ts';

/** The whole object as it is to be. */
export type Body = Readonly<Record<string, unknown>> & { readonly metadata: Readonly<Record<string, unknown>> };

export interface Change<T extends KubernetesObject> {
  /**
   * What the object is to be; undefined when it is that already. Called again when somebody else was faster.
   * @param current undefined when there is none yet
   * @throws TalonError ends this change, not those of others
   */
  readonly change: (current: T | undefined) => Body | undefined;
  /** What has to hold, or to be done, before the first write. Not called when nothing is written. */
  readonly prepare?: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

export type Merged = 'created' | 'changed' | 'unchanged';

/** How often somebody else may be faster before it is given up. */
const MOST_READS = 6;
const FIRST_PAUSE = 10;

type Client = Pick<Kubernetes, 'get' | 'create' | 'replace'>;

interface Waiting<T extends KubernetesObject> extends Change<T> {
  readonly client: Client;
  prepared: boolean;
  done: boolean;
  readonly resolve: (merged: Merged) => void;
  readonly reject: (error: unknown) => void;
}

/** Changes of one object. */
interface Line {
  /** For the next round. */
  readonly waiting: Waiting<KubernetesObject>[];
}

const lines = new WeakMap<object, Map<string, Line>>();

/**
 * Reads the object, works out what it is to be, and creates or replaces it with the version that was read; again, up to
 * five times, when somebody else wrote in between. Changes of the same object that come together are written together, so
 * that those of one process never stand in each other's way.
 * @throws TalonError `conflict` when others were faster every time, `aborted` or `timeout` by the signal
 */
export function mergeObject<T extends KubernetesObject>(
  client: Client,
  resource: Resource,
  name: Required<ObjectName>,
  change: Change<T>,
): Promise<Merged> {
  const key = `${resource.group}/${resource.version}/${resource.plural}/${name.namespace}/${name.name}`;
  const connection = connectionOf(client);
  const ofClient = lines.get(connection) ?? new Map<string, Line>();
  lines.set(connection, ofClient);
  const running = ofClient.get(key);
  const line = running ?? { waiting: [] };
  ofClient.set(key, line);
  return new Promise((resolve, reject) => {
    const stopped = () => {
      if (waiting.done) return;
      waiting.done = true;
      reject(stoppedError(resource, name, change.signal));
    };
    const end = () => {
      waiting.done = true;
      change.signal.removeEventListener('abort', stopped);
    };
    const waiting: Waiting<KubernetesObject> = {
      ...(change as unknown as Change<KubernetesObject>),
      client,
      prepared: false,
      done: false,
      resolve: (merged) => {
        end();
        resolve(merged);
      },
      reject: (error) => {
        end();
        reject(error as Error);
      },
    };
    change.signal.addEventListener('abort', stopped, { once: true });
    if (change.signal.aborted) stopped();
    line.waiting.push(waiting);
    if (running === undefined) void work(resource, name, line, () => ofClient.delete(key));
  });
}

/** Rounds, until nobody waits any longer. Never rejects. */
async function work(resource: Resource, name: Required<ObjectName>, line: Line, forget: () => void): Promise<void> {
  // Those that come in the same turn of the event loop go into the same round.
  await Promise.resolve();
  for (;;) {
    const round = line.waiting.splice(0).filter(({ done }) => !done);
    // At once, so that who comes next begins a line of its own.
    const [writer] = round;
    if (writer === undefined) return forget();
    const left = leftBy(round);
    try {
      await write(writer.client, resource, name, round, left.signal);
    } catch (error) {
      // The one whose client was used may no longer act; the others may.
      if (writer.signal.aborted && !writer.done) writer.reject(error);
      if (writer.signal.aborted) line.waiting.unshift(...round.filter(({ done }) => !done));
      else for (const member of round) if (!member.done) member.reject(error);
    } finally {
      left.end();
    }
  }
}

/** A signal that fires when everybody of a round has gone. */
function leftBy(round: readonly Waiting<KubernetesObject>[]): { signal: AbortSignal; end: () => void } {
  const stop = new AbortController();
  const gone = () => {
    if (round.every(({ done, signal }) => done || signal.aborted)) stop.abort(round[0]?.signal.reason);
  };
  for (const { signal } of round) signal.addEventListener('abort', gone, { once: true });
  return {
    signal: stop.signal,
    end: () => {
      for (const { signal } of round) signal.removeEventListener('abort', gone);
    },
  };
}

async function write(
  kubernetes: Client,
  resource: Resource,
  name: Required<ObjectName>,
  round: readonly Waiting<KubernetesObject>[],
  signal: AbortSignal,
): Promise<void> {
  for (let read = 1; ; read++) {
    const current = await readIfThere(kubernetes, resource, name, signal);
    await prepare(round, current);
    const { body, results } = changed(round, current);
    try {
      if (body !== undefined && current === undefined) {
        await kubernetes.create(resource, body, { namespace: name.namespace, signal, fieldManager: FIELD_MANAGER });
      } else if (body !== undefined) {
        await kubernetes.replace(resource, name, body, { signal, fieldManager: FIELD_MANAGER });
      }
    } catch (error) {
      if (read >= MOST_READS || !isTalonError(error)) throw error;
      // Created or changed by somebody else, or removed since it was read.
      if (error.code !== 'conflict' && error.code !== 'target_gone') throw error;
      await delay(Math.random() * FIRST_PAUSE * 2 ** read, undefined, { signal });
      continue;
    }
    for (const [member, merged] of results) if (!member.done) member.resolve(merged);
    return;
  }
}

/** For those whose change needs a write, once. One that fails is out of the round. */
async function prepare(
  round: readonly Waiting<KubernetesObject>[],
  current: KubernetesObject | undefined,
): Promise<void> {
  await Promise.all(
    round.map(async (member) => {
      if (member.done || member.prepared) return;
      try {
        if (member.change(current) === undefined) return;
        await member.prepare?.(member.signal);
        member.prepared = true;
      } catch (error) {
        if (!member.done) member.reject(error);
      }
    }),
  );
}

/** One body with the changes of all, one after the other. */
function changed(
  round: readonly Waiting<KubernetesObject>[],
  current: KubernetesObject | undefined,
): { readonly body: Body | undefined; readonly results: readonly (readonly [Waiting<KubernetesObject>, Merged])[] } {
  let body: Body | undefined;
  const results: (readonly [Waiting<KubernetesObject>, Merged])[] = [];
  for (const member of round) {
    if (member.done) continue;
    try {
      const wanted = member.change((body as KubernetesObject | undefined) ?? current);
      const merged =
        wanted === undefined ? 'unchanged' : current === undefined && body === undefined ? 'created' : 'changed';
      body = wanted ?? body;
      results.push([member, merged]);
    } catch (error) {
      member.reject(error);
    }
  }
  return { body, results };
}

function stoppedError(resource: Resource, name: Required<ObjectName>, signal: AbortSignal): Error {
  const call = { method: 'PUT', path: '', verb: 'update', resource: resourceText(resource), ...name, signal } as const;
  return lostError(call, { lost: 'aborted', sent: true, text: 'aborted' });
}
