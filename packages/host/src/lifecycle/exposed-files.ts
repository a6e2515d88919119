import { stat } from 'node:fs/promises';
import type { Logger } from '@falco-talon/core';

export interface Exposable {
  /** Where the process keeps its data; its own files in it are for their owner only. */
  readonly directory: string;
  /** With secrets in them. */
  readonly files: readonly string[];
}

const READ = 0o004;
const WRITE = 0o002;

/** Says what every user of this machine can read or change. Windows has no such modes. */
export async function warnOfExposed({ directory, files }: Exposable, logger: Logger): Promise<void> {
  if (process.platform === 'win32') return;
  const others = async (path: string) => ((await stat(path).catch(() => undefined))?.mode ?? 0) & (READ | WRITE);
  if ((await others(directory)) & WRITE) {
    logger.warn('every user of this machine can replace what is in data_directory', {
      path: directory,
      remedy: `chmod 0700 ${directory}`,
    });
  }
  for (const path of new Set(files)) {
    const mode = await others(path);
    if (mode === 0) continue;
    const can = [...(mode & READ ? ['read'] : []), ...(mode & WRITE ? ['change'] : [])].join(' and ');
    logger.warn('every user of this machine can get at a file with secrets', {
      path,
      others_can: can,
      remedy: 'chmod o-rw; of a Secret in Kubernetes, defaultMode: 0440 and fsGroup',
    });
  }
}
