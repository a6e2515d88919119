import { startNats, type NatsServer } from '@falco-talon/testkit/server';
import type { Surroundings } from './surroundings.ts';
import type { TalonInput } from './start-talon.ts';

/** A server of the run's own, with JetStream on disk. */
export async function startNatsServer(run: Surroundings): Promise<NatsServer> {
  const server = await startNats();
  run.cleanUp(() => server.close());
  return server;
}

/** What makes the program keep its alerts there. Its lease is short, so that a process that was killed is soon followed. */
export function onNats({ port }: { readonly port: number }): Pick<TalonInput, 'queue' | 'config'> {
  return {
    queue: 'nats',
    config: [
      'deduplication: { time_window_seconds: 0 }',
      'watch_rules: false',
      `queue: { nats: { servers: ['nats://127.0.0.1:${port}'], lease_seconds: 1, timeout_seconds: 2 } }`,
      '',
    ].join('\n'),
  };
}
