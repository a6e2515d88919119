import { definePlugin } from '@falco-talon/core';
import { nats } from './nats-driver.ts';

export default definePlugin({
  name: '@falco-talon/queue-nats',
  category: 'queue',
  queues: [nats],
});
