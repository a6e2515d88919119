import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

const POLL = 2_000;
/** Events of one save come in a burst; the burst is over when none came for this long. */
const QUIET = 100;

export interface RulesWatch {
  /** Resolves when every directory there is is being watched. */
  readonly watching: Promise<void>;
  close(): void;
}

/**
 * Calls `changed` after anything may have changed in the files and directories; the caller compares their content.
 * Watches the directories, because editors rename and the kubelet swaps the `..data` symlink of a ConfigMap: a watch
 * on a file would stay with the old one. Polls too: not every file system sends events.
 */
export function watchRules(paths: readonly string[], changed: () => void): RulesWatch {
  const watchers = new Set<FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const later = () => {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(changed, QUIET);
  };
  const directories = new Set(paths.flatMap((path) => [dirname(resolve(path)), resolve(path)]));
  const starts = [...directories].map(async (directory) => {
    const watcher = await watchDirectory(directory, later);
    if (closed) watcher?.close();
    else if (watcher) watchers.add(watcher);
  });
  const poll = setInterval(changed, POLL);
  poll.unref();

  return {
    watching: Promise.all(starts).then(() => {}),
    close() {
      closed = true;
      clearInterval(poll);
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}

async function watchDirectory(directory: string, changed: () => void): Promise<FSWatcher | undefined> {
  try {
    if (!(await stat(directory)).isDirectory()) return undefined;
    const watcher = watch(directory, { persistent: false }, changed);
    // A directory that disappears ends its watch; the poll goes on.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    // Nothing to watch yet; the poll finds it when it comes.
    return undefined;
  }
}
