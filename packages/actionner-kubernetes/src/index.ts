import { definePlugin } from '@falco-talon/core';
import { label } from './label/label.ts';
import { log } from './log/log.ts';
import { networkpolicy } from './networkpolicy/networkpolicy.ts';
import { terminate } from './terminate/terminate.ts';

export default definePlugin({
  name: '@falco-talon/actionner-kubernetes',
  category: 'kubernetes',
  actionners: [label, terminate, networkpolicy, log],
});
