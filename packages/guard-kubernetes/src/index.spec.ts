import { testPlugin } from '@falco-talon/testkit';
import plugin from './index.ts';

testPlugin(plugin, { directory: new URL('..', import.meta.url) });
