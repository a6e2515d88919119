import { definePlugin } from '@falco-talon/core';
import { plausibility } from './plausibility/plausibility.ts';

export default definePlugin({
  name: '@falco-talon/guard-kubernetes',
  category: 'kubernetes',
  guards: [plausibility],
});
