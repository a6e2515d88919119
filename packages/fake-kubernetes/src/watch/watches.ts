import { Readable } from 'node:stream';
import type { Json, JsonObject } from '../json.ts';

/** What a test does to the watches that are open. */
export interface WatchControl {
  readonly open: number;
  /** Resolves when so many are open. @throws Error after 5 s */
  until(count: number): Promise<void>;
  /** Sends a bookmark of the current version to each that asked for bookmarks. */
  bookmark(): void;
  /** Ends them cleanly, as at their timeout. */
  end(): void;
  /** From now on they say nothing and do not end, as behind a connection that is half open. New ones are not affected. */
  silence(): void;
  /** Sends an ERROR event with this Status and ends them. */
  fail(status: JsonObject): void;
  /** Sends these bytes as they are, on each. */
  send(bytes: string | Uint8Array): void;
}

/** One open watch, as its operation drives it. */
export interface WatchStream {
  readonly body: Readable;
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR', object: object): void;
  end(): void;
}

export interface Watches extends WatchControl {
  /** @param bookmark absent when the client wants none */
  add(bookmark: (() => JsonObject) | undefined, onEnd: () => void): WatchStream;
}

export function createWatches(): Watches {
  interface Open extends WatchStream {
    readonly bookmark: (() => JsonObject) | undefined;
    silent: boolean;
  }
  const open = new Set<Open>();
  const waiting = new Map<() => void, number>();
  const counted = (): void => {
    for (const [resolve, count] of waiting) if (count === open.size && waiting.delete(resolve)) resolve();
  };
  const each = (act: (watch: Open) => void): void => [...open].forEach(act);
  return {
    add(bookmark, onEnd) {
      const body = new Readable({ read: () => undefined });
      const watch: Open = {
        body,
        bookmark,
        silent: false,
        event(type, object) {
          if (!watch.silent) body.push(`${JSON.stringify({ type, object: object as Json })}\n`);
        },
        end() {
          if (watch.silent) return;
          watch.silent = true;
          body.push(null);
        },
      };
      open.add(watch);
      counted();
      body.once('close', () => {
        open.delete(watch);
        onEnd();
        counted();
      });
      return watch;
    },
    get open() {
      return open.size;
    },
    async until(count) {
      if (open.size === count) return;
      const reached = Promise.withResolvers<void>();
      const late = (): void => reached.reject(new Error(`${open.size} watches are open, not ${count}`));
      const timer = setTimeout(late, 5_000);
      waiting.set(reached.resolve, count);
      await reached.promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(reached.resolve);
      });
    },
    bookmark: () => each((watch) => watch.bookmark && watch.event('BOOKMARK', watch.bookmark())),
    end: () => each((watch) => watch.end()),
    silence: () => each((watch) => (watch.silent = true)),
    fail: (status) =>
      each((watch) => {
        watch.event('ERROR', status);
        watch.end();
      }),
    send: (bytes) => each((watch) => watch.silent || watch.body.push(bytes)),
  };
}
