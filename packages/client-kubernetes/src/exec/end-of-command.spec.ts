import { expect, it } from 'vitest';
import type { Call } from '../transport/call.ts';
import { endOfCommand } from './end-of-command.ts';

const call: Call = {
  method: 'GET',
  verb: 'get',
  path: '/api/v1/namespaces/shop/pods/cart/exec',
  resource: 'pods/exec',
  namespace: 'shop',
  name: 'cart',
  intent: 'run a command in pod shop/cart',
  signal: new AbortController().signal,
};

it.each([
  // As containerd words it while the kubelet still takes the container for a running one.
  'Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: container is in CONTAINER_EXITED state',
  'Internal error occurred: error executing command in container: container is not created or running',
])('a container that ended a moment ago is gone, and nothing ran: %s', (message) => {
  const status = { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
  expect(() => endOfCommand(call, Buffer.from(JSON.stringify(status)), 'sh')).toThrow(
    expect.objectContaining({
      code: 'target_gone',
      retryable: false,
      message: 'cannot run a command in pod shop/cart: its container is not running',
    }),
  );
});
