import { TalonError } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { NETWORK_POLICIES, type Kubernetes, type KubernetesObject, type Resource } from '../kubernetes.ts';
import { mergeObject, type Body, type Change } from './merge-object.ts';

interface Words extends KubernetesObject {
  readonly spec?: Readonly<Record<string, unknown>> & { readonly words: readonly string[] };
}
type Client = Pick<Kubernetes, 'get' | 'create' | 'replace'>;

/** One object, as an API server keeps it. `before` comes before each write. */
function store(before: (attempt: number) => void | Promise<void> = () => {}) {
  let stored: Words | undefined;
  let version = 0;
  const calls: string[] = [];
  let attempts = 0;
  const put = (words: readonly string[] | undefined) => {
    stored = words && { metadata: { name: 'p', uid: 'u', resourceVersion: String(++version) }, spec: { words } };
  };
  const write = async (verb: string, body: Readonly<Record<string, unknown>>, allowed: () => boolean) => {
    calls.push(verb);
    await before(++attempts);
    if (!allowed()) throw new TalonError('conflict', 'changed meanwhile', { retryable: true });
    put((body as unknown as Words).spec?.words);
    return stored as never;
  };
  const client: Client = {
    async get() {
      calls.push('get');
      await Promise.resolve();
      if (stored === undefined) throw new TalonError('target_gone', 'not there');
      return stored as never;
    },
    create: (_resource: Resource, body) => write('create', body, () => stored === undefined),
    replace: (_resource: Resource, _name, body) => {
      const given = (body['metadata'] as { resourceVersion?: string }).resourceVersion;
      if (stored === undefined) return Promise.reject(new TalonError('target_gone', 'not there'));
      return write('replace', body, () => stored?.metadata.resourceVersion === given);
    },
  };
  return { client, calls, put, words: () => stored?.spec?.words };
}

/** Adds a word, once. */
function adding(word: string): Pick<Change<KubernetesObject>, 'change'> {
  return {
    change(current) {
      const words = (current as Words | undefined)?.spec?.words ?? [];
      if (words.includes(word)) return undefined;
      return { metadata: { ...current?.metadata }, spec: { words: [...words, word] } } satisfies Body;
    },
  };
}
const NAME = { namespace: 'shop', name: 'p' };
const add = (client: Client, word: string, more: Partial<Change<KubernetesObject>> = {}) =>
  mergeObject(client, NETWORK_POLICIES, NAME, { ...adding(word), signal: new AbortController().signal, ...more });

describe('mergeObject', () => {
  it('creates, then changes, then leaves alone', async () => {
    const { client, calls, words } = store();
    expect(await add(client, 'a')).toBe('created');
    expect(await add(client, 'b')).toBe('changed');
    expect(await add(client, 'a')).toBe('unchanged');
    expect(words()).toEqual(['a', 'b']);
    expect(calls).toEqual(['get', 'create', 'get', 'replace', 'get']);
  });

  it('writes what comes together together', async () => {
    const { client, calls, words } = store();
    const all = ['a', 'b', 'c', 'a', 'd'];
    expect(await Promise.all(all.map((word) => add(client, word)))).toEqual([
      'created',
      'changed',
      'changed',
      'unchanged',
      'changed',
    ]);
    expect(words()).toEqual(['a', 'b', 'c', 'd']);
    expect(calls).toEqual(['get', 'create']);
  });

  it('lets what comes during a round go into the next one', async () => {
    let later: Promise<unknown> | undefined;
    const kept = store((attempt) => {
      if (attempt === 1) later = Promise.all(['b', 'c'].map((word) => add(kept.client, word)));
    });
    await add(kept.client, 'a');
    await later;
    expect(kept.words()).toEqual(['a', 'b', 'c']);
    expect(kept.calls).toEqual(['get', 'create', 'get', 'replace']);
  });

  it('reads again when somebody else created, changed or removed it', async () => {
    const kept = store((attempt) => {
      if (attempt === 1) kept.put(['theirs']);
      if (attempt === 2) kept.put(undefined);
      if (attempt === 3) kept.put(['theirs again']);
    });
    expect(await add(kept.client, 'mine')).toBe('changed');
    expect(kept.words()).toEqual(['theirs again', 'mine']);
  });

  it('gives up after five readings more', async () => {
    const kept = store((attempt) => kept.put([String(attempt)]));
    await expect(add(kept.client, 'mine')).rejects.toMatchObject({ code: 'conflict', retryable: true });
    expect(kept.calls.filter((call) => call === 'get')).toHaveLength(6);
    expect(kept.words()).toEqual(['6']);
  });

  it('prepares a change once, and not at all when nothing is written', async () => {
    const prepared: string[] = [];
    const kept = store((attempt) => {
      if (attempt === 1) kept.put(['theirs']);
    });
    const more = { prepare: async () => void prepared.push('mine') };
    await add(kept.client, 'mine', more);
    await add(kept.client, 'mine', more);
    expect(prepared).toEqual(['mine']);
  });

  it('takes one whose change or preparation fails out of the round, not the others', async () => {
    const { client, words } = store();
    const results = await Promise.allSettled([
      add(client, 'a'),
      add(client, 'b', { prepare: () => Promise.reject(new TalonError('unsupported', 'not this one')) }),
      add(client, 'c', {
        change: () => {
          throw new TalonError('refused', 'nor this one');
        },
      }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(words()).toEqual(['a']);
  });

  it('ends at once for who is aborted, and for nobody else', async () => {
    const gate = Promise.withResolvers<void>();
    const { client, words } = store(() => gate.promise);
    const stop = new AbortController();
    const first = add(client, 'a');
    const second = add(client, 'b', { signal: stop.signal });
    await Promise.resolve();
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: 'aborted' });
    gate.resolve();
    expect(await first).toBe('created');
    expect(words()).toContain('a');
  });

  it('stops its calls when everybody has left', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const client: Client = {
      ...store().client,
      get: (_resource, _name, { signal }) =>
        new Promise((_, reject) => {
          asked.resolve(signal);
          signal.addEventListener('abort', () => reject(new TalonError('aborted', 'stopped')));
        }),
    };
    const stop = new AbortController();
    const both = ['a', 'b'].map((word) => add(client, word, { signal: stop.signal }));
    const signal = await asked.promise;
    stop.abort();
    const ends = await Promise.allSettled(both);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(signal.aborted).toBe(true);
  });
});
