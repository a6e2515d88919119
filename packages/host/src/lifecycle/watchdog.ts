import { Worker } from 'node:worker_threads';

/**
 * The worker's program, as text because a bundle has no second file. It counts its own waits instead of reading a clock:
 * a process that was frozen or a machine that slept is not stuck. The message goes through the thread pool, so that a pipe
 * nobody reads cannot keep the process alive.
 */
const PROGRAM = `
const { workerData: { shared, limit, step } } = require('node:worker_threads');
const { write } = require('node:fs');
const beat = new Int32Array(shared);
const never = new Int32Array(new SharedArrayBuffer(4));
for (let last = -1, waits = 0; ; ) {
  Atomics.wait(never, 0, 0, step);
  const now = Atomics.load(beat, 0);
  if (now < 0) break;
  waits = now === last ? waits + 1 : 0;
  last = now;
  if (waits * step < limit) continue;
  write(2, 'falco-talon: nothing could run for ' + limit / 1000 + ' s (a plugin in an endless loop?); ending the process\\n', () => {});
  Atomics.wait(never, 0, 0, 200);
  process.kill(process.pid, 'SIGKILL');
}
`;

export interface Watchdog {
  /** Says that something runs although timers may not: work that comes in faster than the event loop turns. */
  alive(): void;
  stop(): Promise<void>;
}

/**
 * Ends the process with SIGKILL when its event loop did not turn for `milliseconds`. Nothing else can end an endless loop;
 * the supervisor then starts the process again, and the queue sets the event aside after its last attempt.
 */
export function startWatchdog(milliseconds: number): Watchdog {
  const step = Math.max(10, Math.min(1000, milliseconds / 5));
  const shared = new SharedArrayBuffer(4);
  const beat = new Int32Array(shared);
  const worker = new Worker(PROGRAM, {
    eval: true,
    workerData: { shared, limit: milliseconds, step },
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  worker.unref();
  worker.on('error', () => {}); // without a watchdog the process still works
  const alive = () => void Atomics.store(beat, 0, (Atomics.load(beat, 0) + 1) & 0x7fffffff);
  const timer = setInterval(alive, step / 2);
  timer.unref();
  return {
    alive,
    async stop() {
      clearInterval(timer);
      Atomics.store(beat, 0, -1);
      await worker.terminate();
    },
  };
}
