import { definePlugin } from '@falco-talon/core';
import { file } from './file/file.ts';

export default definePlugin({
  name: '@falco-talon/output-file',
  category: 'local',
  outputs: [file],
});
