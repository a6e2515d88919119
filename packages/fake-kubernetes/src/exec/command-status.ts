import { randomBytes } from 'node:crypto';
import { quote } from '../json.ts';
import { V5 } from './protocols.ts';

/** How a command ended, as the last frame says it. The messages differ between the protocols. */
export function exitStatus(exitCode: number, protocol: string, command: readonly string[]): object {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  const why =
    protocol === V5
      ? `command terminated with exit code ${exitCode}`
      : `error executing command [${command.join(' ')}], exit code ${exitCode}`;
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${why}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

/** @param words the runtime's */
export function notStarted(words: string, protocol: string): object {
  const id = randomBytes(32).toString('hex');
  const error = `error executing command in container: failed to exec in container: failed to start exec ${quote(id)}: OCI runtime exec failed: ${words}`;
  const cause = protocol === V5 ? `Internal error occurred: ${error}` : error;
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${cause}`,
    reason: 'InternalError',
    details: { causes: [{ message: cause }] },
    code: 500,
  };
}
