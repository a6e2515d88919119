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
  const directories = [...new Set(paths.flatMap((path) => [dirname(resolve(path)), resolve(path)]))];
  const watches = directories.map((directory) => watchDirectory(directory, later));
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function later(): void {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(tell, QUIET);
  }
  function tell(): void {
    void renew();
    changed();
  }
  const renew = () => Promise.all(watches.map((one) => one.renew()));
  const poll = setInterval(tell, POLL);
  poll.unref();

  return {
    watching: renew().then(() => {}),
    close() {
      closed = true;
      clearInterval(poll);
      clearTimeout(timer);
      for (const one of watches) one.close();
    },
  };
}

interface DirectoryWatch {
  /** Watches the directory that has this path now: a watch stays with one that was removed or renamed. */
  renew(): Promise<void>;
  close(): void;
}

function watchDirectory(path: string, changed: () => void): DirectoryWatch {
  let watched: { readonly identity: string; readonly watcher: FSWatcher } | undefined;
  let renewing: Promise<void> | undefined;
  let closed = false;

  function close(): void {
    watched?.watcher.close();
    watched = undefined;
  }

  async function renew(): Promise<void> {
    const identity = await identityOf(path);
    if (closed || identity === watched?.identity) return;
    close();
    // Nothing to watch yet; the poll finds it when it comes.
    if (identity === undefined) return;
    try {
      const watcher = watch(path, { persistent: false }, changed);
      watched = { identity, watcher };
      // What ends a watch is found out by the next renewal.
      watcher.on('error', () => watched?.watcher === watcher && close());
      // Whatever happened before the watch began was not reported.
      changed();
    } catch {
      // It is gone again, or there are no watches left: the poll goes on.
    }
  }

  return {
    renew: () => (renewing ??= renew().finally(() => (renewing = undefined))),
    close() {
      closed = true;
      close();
    },
  };
}

/** Undefined for what is no directory. A new one may get the number of the one that was removed. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found?.isDirectory() ? `${found.dev}:${found.ino}:${found.birthtimeNs}` : undefined;
}
