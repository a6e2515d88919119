import { readFileSync } from 'node:fs';
import { plugins } from './plugins.ts';

// Loading takes a second or more. Until the server listens to them itself, nothing has begun that would have to be ended;
// without this the signal would kill the process, and as the first one of a container it would not even be reached.
if (process.argv.includes('server')) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(0);
    });
  }
  process.on('SIGHUP', () => {});
}

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
const { runTalon } = await import('@falco-talon/host');

process.exit(
  await runTalon({
    plugins,
    name: 'falco-talon',
    version: manifest.version,
    directory: import.meta.dirname,
    argv: process.argv.slice(2),
  }),
);
