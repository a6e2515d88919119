import { definePlugin } from '@falco-talon/core';
import { sqlite } from './sqlite-driver.ts';

export default definePlugin({
  name: '@falco-talon/queue-sqlite',
  category: 'queue',
  queues: [sqlite],
});
