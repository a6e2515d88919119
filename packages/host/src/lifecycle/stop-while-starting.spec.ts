import { defineElection, definePlugin, emptyObject, silentLogger } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { testPlugin } from '../cli/testing-program.ts';
import { CONFIG, served } from './testing-served.ts';
import { goneBy, stopServer } from './stop-server.ts';

describe('a request to stop', () => {
  it('is acted on while the service that chooses the leader does not answer', async () => {
    const asked = Promise.withResolvers<void>();
    const silent = defineElection({
      name: 'silent',
      description: 'Never answers.',
      settings: emptyObject,
      stand: () => (asked.resolve(), new Promise<never>(() => {})),
    });
    const plugin = definePlugin({ ...testPlugin, elections: [silent] });
    const files = { 'config.yaml': `${CONFIG}deduplication: {leader_election: true}\n` };
    const { signals, ran } = served([], files, plugin);
    await asked.promise;
    signals.emit('SIGTERM');
    expect(await ran).toMatchObject({ code: 0, stderr: '' });
  });

  it('has the grace period from the moment it came, whatever was done before it could be acted on', async () => {
    const given: number[] = [];
    const since = performance.now() - 25_000;
    const { by } = await stopServer({
      signal: 'SIGTERM',
      since,
      signals: { insisted: new Promise(() => {}) },
      listeners: { closeIntake: async () => {}, close: async () => {} },
      control: { close: async () => {} },
      engine: { stop: async (grace) => (given.push(grace), { unfinished: 0, lost: false }) },
      logger: silentLogger,
      grace: 30_000,
      delay: 0,
      refuse: () => {},
    });
    expect(given).toHaveLength(1);
    expect(given[0]).toBeLessThanOrEqual(3_000);
    expect(by).toBe(goneBy(since, 30_000));
  });
});
