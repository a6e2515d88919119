import { hash } from 'node:crypto';
import { join } from 'node:path';

/** Bytes of a socket's path, `sun_path` of unix(7) without its end; macOS and the BSDs have four fewer. */
const LONGEST = process.platform === 'linux' ? 107 : 103;

/** Where the server of a data directory takes commands, or why it cannot. */
export type ControlAddress = { readonly path: string } | { readonly problem: string };

export function controlAddress(dataDirectory: string, platform: NodeJS.Platform = process.platform): ControlAddress {
  if (platform === 'win32') {
    return { path: `\\\\.\\pipe\\falco-talon-${hash('sha256', dataDirectory.toLowerCase(), 'hex').slice(0, 32)}` };
  }
  const path = join(dataDirectory, 'control.sock');
  const excess = Buffer.byteLength(path) - LONGEST;
  if (excess <= 0) return { path };
  return {
    problem:
      `the data directory's path is ${excess} bytes too long for a control socket (${path}); ` +
      'set data_directory to a shorter one',
  };
}
