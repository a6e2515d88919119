import { definePlugin } from '@falco-talon/core';
import { webhook } from './webhook/webhook.ts';

export default definePlugin({
  name: '@falco-talon/notifier-webhook',
  category: 'webhook',
  notifiers: [webhook],
});
