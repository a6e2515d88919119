import { definePlugin } from '@falco-talon/core';
import { greet } from './greet/greet.ts';

export default definePlugin({
  name: 'falco-talon-plugin-hello',
  category: 'hello',
  actionners: [greet],
});
