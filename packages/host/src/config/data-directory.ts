import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorText, TalonError } from '@falco-talon/core';
import type { Variables } from './environment.ts';

const SYSTEM_DATA = '/var/lib/falco-talon';

/**
 * The directory for the queue and artifacts on their way, created when needed, for its owner only.
 * @param configured empty: the system's place when it can be written, else the user's
 * @throws TalonError `invalid_config` when no place can be written
 */
export function dataDirectory(
  configured: string,
  variables: Variables,
  homeDirectory: string,
  system = SYSTEM_DATA,
): string {
  if (configured !== '') {
    const problem = unusable(configured);
    if (problem === undefined) return configured;
    throw new TalonError('invalid_config', `data_directory: ${configured} cannot be used: ${problem}`);
  }
  const state = variables['XDG_STATE_HOME'] || join(homeDirectory, '.local', 'state');
  const candidates = [system, join(state, 'falco-talon')];
  const problems: string[] = [];
  for (const candidate of candidates) {
    const problem = unusable(candidate);
    if (problem === undefined) return candidate;
    problems.push(`${candidate}: ${problem}`);
  }
  throw new TalonError(
    'invalid_config',
    `data_directory: set it to a directory that can be written (${problems.join('; ')})`,
  );
}

/** One level at a time: Node's own recursion never ends where a parent refuses with ENOENT, as /proc does. */
function create(directory: string): void {
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) create(parent);
  mkdirSync(directory, { mode: 0o700 });
}

function unusable(directory: string): string | undefined {
  try {
    create(directory);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}
