import { readFileSync } from 'node:fs';
import { runTalon } from '@falco-talon/host';
import { plugins } from './plugins.ts';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

process.exit(
  await runTalon({
    plugins,
    name: 'falco-talon',
    version: manifest.version,
    directory: import.meta.dirname,
    argv: process.argv.slice(2),
  }),
);
