import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerMatch, ContainerName, ExecHandler, ExecSession } from './exec-session.ts';
import { realPrograms } from './real-programs.ts';

/** What runs in the containers, and where. */
export interface Containers {
  readonly protocols: readonly string[];
  /** Aborted by `close`. */
  readonly signal: AbortSignal;
  add(match: ContainerMatch, handler: ExecHandler): () => void;
  folder(name: ContainerName): string;
  /** Runs a command, and remembers it until it has ended. @throws CannotStart */
  run(session: ExecSession): Promise<number>;
  /** Ends all that runs and removes the folders. */
  close(): Promise<void>;
}

export function createContainers(protocols: readonly string[]): Containers {
  const handlers: { readonly match: ContainerMatch; readonly handler: ExecHandler }[] = [];
  const fallback = realPrograms();
  const running = new Set<Promise<unknown>>();
  const closing = new AbortController();
  let root: string | undefined;

  const handlerOf = (name: ContainerName): ExecHandler =>
    handlers.findLast(({ match }) =>
      (['namespace', 'pod', 'container'] as const).every((key) => match[key] === undefined || match[key] === name[key]),
    )?.handler ?? fallback;

  return {
    protocols,
    signal: closing.signal,
    add(match, handler) {
      const entry = { match, handler };
      handlers.push(entry);
      return () => {
        const index = handlers.indexOf(entry);
        if (index >= 0) handlers.splice(index, 1);
      };
    },
    folder({ namespace, pod, container }) {
      root ??= mkdtempSync(join(tmpdir(), 'fake-kubernetes-'));
      // Names of objects that exist: no separators in them.
      const folder = join(root, namespace, pod, container);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    async run(session) {
      const work = (async () => handlerOf(session)(session))();
      running.add(work);
      try {
        return await work;
      } finally {
        running.delete(work);
      }
    },
    async close() {
      closing.abort();
      await Promise.allSettled(running);
      if (root !== undefined) await rm(root, { recursive: true, force: true });
    },
  };
}
