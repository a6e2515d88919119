import { definePlugin } from '@falco-talon/core';
import { k8sevents } from './k8sevents/k8sevents.ts';

export default definePlugin({
  name: '@falco-talon/notifier-k8sevents',
  category: 'kubernetes',
  notifiers: [k8sevents],
});
