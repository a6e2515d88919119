import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { DEFAULT_IMAGES } from './settings.ts';
import { RUN_VARIABLE, type Run } from './run.ts';

/** A file that leaves out its tests by not having them makes the whole run fail. */
it('every file has tests, if only to leave them out, where the cluster can do nothing', () => {
  const run: Run = {
    id: '00000000',
    kubeconfig: '/nowhere',
    folder: '/nowhere',
    images: DEFAULT_IMAGES,
    cluster: { controllers: false, cilium: false, drain: false },
  };
  const vitest = join(dirname(fileURLToPath(import.meta.resolve('vitest/package.json'))), 'vitest.mjs');
  const config = join(import.meta.dirname, '../vitest.config.ts');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    // No test has this name: the files are read, and nothing is run.
    [vitest, 'run', '--testNamePattern', 'none of them', '--isolate=false', '--config', config],
    { env: { ...process.env, [RUN_VARIABLE]: JSON.stringify(run) }, encoding: 'utf8' },
  );
  expect(stderr).not.toContain('No test suite found');
  expect([status, stdout]).toEqual([0, expect.stringContaining('skipped')]);
}, 120_000);
