import { runShort } from './testing-short.ts';

runShort(3);
