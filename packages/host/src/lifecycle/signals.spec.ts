import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { stopSignals } from './signals.ts';

it('tells a second request from the echo of the first', async () => {
  const source = new EventEmitter();
  let time = 0;
  const signals = stopSignals(source, () => time);
  let insisted = false;
  void signals.insisted.then(() => (insisted = true));

  source.emit('SIGINT');
  expect(await signals.requested).toBe('SIGINT');
  time = 5;
  source.emit('SIGINT'); // the launcher passes on what the terminal sent to both
  await new Promise(setImmediate);
  expect(insisted).toBe(false);
  time = 1500;
  source.emit('SIGTERM');
  expect(await signals.insisted).toBe('SIGTERM');

  signals.release();
  expect(source.listenerCount('SIGTERM') + source.listenerCount('SIGINT')).toBe(0);
});
