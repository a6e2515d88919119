import { setTimeout as pause } from 'node:timers/promises';
import type { WatchEvent } from '@falco-talon/client-kubernetes';
import { describe, expect, it } from 'vitest';
import { awaitContainer, type CapturePod } from './await-container.ts';

const metadata = { name: 'cart', namespace: 'shop', uid: 'u', resourceVersion: '1' };
const waiting = (reason: string) => ({ waiting: { reason, message: 'because' } });
function pod(state: object | undefined, more: object = {}): CapturePod {
  const others = { name: 'other', state: { running: {} } };
  const statuses = state === undefined ? [others] : [others, { name: 'dump', state }];
  return { metadata, status: { phase: 'Running', ephemeralContainerStatuses: statuses }, ...more };
}
const modified = (object: CapturePod): WatchEvent<CapturePod> => ({ type: 'modified', object });

/** A watch that goes on, as the real one does, until it is aborted. */
function watching(events: readonly WatchEvent<CapturePod>[]) {
  return async function* (signal: AbortSignal): AsyncGenerator<WatchEvent<CapturePod>> {
    yield* events;
    await pause(60_000, undefined, { signal });
  };
}
const wait = (events: readonly WatchEvent<CapturePod>[], limit = 5_000, signal = new AbortController().signal) =>
  awaitContainer(watching(events), { container: 'dump', what: 'the container', limit, hint: 'is it on?', signal });

describe('waiting for a container', () => {
  it('looks for it by its name, and ends when it runs', async () => {
    const running = pod({ running: {} });
    const events = [pod(undefined), pod(waiting('ContainerCreating')), running].map(modified);
    expect(await wait(events)).toBe(running);
  });

  it.each([
    ['ErrImagePull', 'unavailable'],
    ['ImagePullBackOff', 'unavailable'],
    ['ErrImageNeverPull', 'rejected'],
    ['InvalidImageName', 'rejected'],
    ['CreateContainerConfigError', 'rejected'],
    ['RunContainerError', 'unsupported'],
  ])('ends at once when it is %s', async (reason, code) => {
    await expect(wait([modified(pod(waiting(reason)))])).rejects.toMatchObject({
      code,
      retryable: false,
      message: `the container cannot be started (${reason}): because`,
    });
  });

  it.each([
    ['exec: "/bin/sh": no such file', 'its image needs /bin/sh and sleep'],
    ['unable to apply caps: operation not permitted', 'the node does not grant the capabilities it needs'],
  ])('says what it takes when it ended at once: %s', async (message, hint) => {
    const terminated = { exitCode: 128, reason: 'StartError', message };
    await expect(wait([modified(pod({ terminated }))])).rejects.toMatchObject({
      code: 'unsupported',
      message: `the container ended at once (StartError, exit code 128): ${message}; ${hint}`,
    });
  });

  it('says what it was waiting for when that takes too long', async () => {
    await expect(wait([modified(pod(waiting('ContainerCreating')))], 20)).rejects.toMatchObject({
      code: 'timeout',
      message: 'the container did not run within 0.02 s (ContainerCreating): is it on?',
    });
    await expect(wait([], 20)).rejects.toThrow('(nothing was heard of it)');
  });

  it.each([
    [{ type: 'deleted', object: pod(undefined) }, 'was deleted before it ran'],
    [modified(pod(undefined, { metadata: { ...metadata, deletionTimestamp: 'now' } })), 'is being deleted'],
  ] as const)('ends when the pod goes away: %#', async (event, text) => {
    await expect(wait([event])).rejects.toMatchObject({ code: 'target_gone', message: `the container ${text}` });
  });

  it('says why the kubelet took none of the pod', async () => {
    const status = { phase: 'Failed', reason: 'OutOfmemory', message: 'Node did not have enough' };
    await expect(wait([modified({ metadata, status })])).rejects.toThrow(
      'cannot be started: its pod is Failed (OutOfmemory Node did not have enough)',
    );
  });

  it('ends with the signal, in its words', async () => {
    const abort = new AbortController();
    const waited = wait([], 5_000, abort.signal);
    abort.abort(new Error('stopping'));
    await expect(waited).rejects.toMatchObject({ name: 'AbortError' });
  });
});
