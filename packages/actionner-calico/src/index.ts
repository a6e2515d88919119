import { definePlugin } from '@falco-talon/core';
import { networkpolicy } from './networkpolicy/networkpolicy.ts';

export default definePlugin({
  name: '@falco-talon/actionner-calico',
  category: 'calico',
  actionners: [networkpolicy],
});
