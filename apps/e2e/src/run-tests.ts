import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RUN_VARIABLE, type Run } from './run.ts';

const PATIENCE = 30_000;
const INTERRUPTED = 130;

/** Vitest in a process of its own: whatever happens to it, this one lives to clean up. */
export async function runTests(run: Run, args: readonly string[], signal: AbortSignal): Promise<number> {
  if (signal.aborted) return INTERRUPTED;
  const vitest = join(dirname(fileURLToPath(import.meta.resolve('vitest/package.json'))), 'vitest.mjs');
  const config = fileURLToPath(new URL('../vitest.config.ts', import.meta.url));
  const child = spawn(process.execPath, [vitest, 'run', '--config', config, ...args], {
    stdio: 'inherit',
    env: { ...process.env, [RUN_VARIABLE]: JSON.stringify(run) },
  });
  let force: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill('SIGTERM');
    force = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  };
  signal.addEventListener('abort', end, { once: true });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 1));
  });
  signal.removeEventListener('abort', end);
  clearTimeout(force);
  return signal.aborted ? INTERRUPTED : code;
}
