import { definePlugin } from '@falco-talon/core';
import { k8snode } from './k8snode/k8snode.ts';

export default definePlugin({
  name: '@falco-talon/context-k8snode',
  category: 'kubernetes',
  contexts: [k8snode],
});
