import process from 'node:process';
import { parentPort } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../protocol.ts';

// The real worker, which ends at a message of one of these names.

/** Before anything was written; after it was written, but before anybody was told. */
export type Crash = 'crash-before' | 'crash-after';

let silent = false;

function asksFor(message: ToWorker, id: Crash): boolean {
  if (message.kind !== 'group') return false;
  return message.group.requests.some(({ name, input }) => name === 'publish' && input.some((one) => one.id === id));
}

parentPort?.on('message', (message: ToWorker) => {
  if (asksFor(message, 'crash-before')) process.exit(3);
  silent = asksFor(message, 'crash-after');
});

if (parentPort) {
  const port = parentPort;
  const post = port.postMessage.bind(port);
  port.postMessage = (message: FromWorker, transfer?: ArrayBuffer[]) => {
    if (silent) throw new Error('broken on purpose');
    post(message, transfer ?? []);
  };
}

await import('../store/worker.ts');
