import { afterAll, expect, it } from 'vitest';
import { drainQueue, queueMessage } from '@falco-talon/testkit/queue';
import { directories, openIn } from './spec/queue-files.ts';

const { make, clean } = directories();
afterAll(clean);

it('what a handler failed with, or put off for now, does not wait for a clock that was set back', async () => {
  const directory = await make();
  const first = await openIn(directory);
  await first.publish([queueMessage('failed'), queueMessage('put off', { key: 'b' })]);
  await drainQueue(first, 2, async (delivery) => {
    if (delivery.message.id === 'failed') throw new Error('on purpose');
    await delivery.settle({ kind: 'later', at: 0, reason: 'stopped' });
  });
  await first.close();
  const second = await openIn(directory, { now: () => Date.now() - 3_600_000 });
  const found = await drainQueue(second, 2);
  expect(found.map(({ message, attempt }) => [message.id, attempt])).toEqual([
    ['failed', 2],
    ['put off', 2],
  ]);
  await second.close();
});
