import { errorText, type Logger } from '@falco-talon/core';

/** Between two writes that nobody is in a hurry for. Milliseconds. */
const PAUSE = 1_000;

export interface Saver {
  /** Writes at once when nothing was written lately, else within a second: a crash loses no more than that. */
  soon(): void;
  /** Writes at once. */
  now(): void;
  /** Writes what is not written yet. Never rejects. */
  close(): Promise<void>;
}

/** Never two writes at a time. A write that fails is told once, until one succeeds; what it held is in the next one. */
export function createSaver(write: () => Promise<void>, logger: Logger, pause = PAUSE): Saver {
  let running: Promise<void> | undefined;
  let dirty = false;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;

  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    dirty = true;
    running ??= save().finally(() => {
      running = undefined;
      timer = setTimeout(rested, pause).unref();
    });
  }

  function rested(): void {
    timer = undefined;
    if (dirty) start();
  }

  async function save(): Promise<void> {
    dirty = false;
    try {
      await write();
      failing = false;
    } catch (error) {
      dirty = true;
      if (!failing) logger.error('storm brake not written', { error: errorText(error) });
      failing = true;
    }
  }

  return {
    soon() {
      dirty = true;
      if (!running && timer === undefined) start();
    },
    now() {
      if (running) void running.then(start);
      else start();
    },
    async close() {
      while (running) await running;
      clearTimeout(timer);
      if (dirty) await save();
    },
  };
}
