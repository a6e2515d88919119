import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { isTalonError, silentLogger, type Entry } from '@falco-talon/core';
import { queueMessage } from '@falco-talon/testkit/queue';
import { openSqliteQueue } from '../sqlite-queue.ts';

// A process with a queue of its own, which ends without a word at the point it was told: node process.fixture.ts PATH POINT

export type Point = 'open' | 'published' | 'handler' | 'intent' | 'result' | 'done' | 'flood' | 'full';
export const INTENT: Entry = { step: 's', kind: 'intent', data: { uid: 'u' } };
export const RESULT: Entry = { step: 's', kind: 'result', data: 'success' };
/** Messages of one batch of the flood. */
export const BATCH = 3;

const [, self, path, point] = process.argv;
if (self?.endsWith('process.fixture.ts') && path && point) await run(path, point as Point);

async function run(file: string, until: Point): Promise<void> {
  const limits = {
    maxMessages: 100_000,
    maxBytes: 2 ** 30,
    maxDead: 100,
    maxDeadBytes: 2 ** 28,
    deadRetention: 3_600_000,
  };
  const queue = await openSqliteQueue({ path: file, ...limits, now: Date.now, logger: silentLogger });
  if (until === 'open') return say('open');
  if (until === 'flood') return flood();
  if (until === 'full') return full();
  if ((await queue.depth()).pending === 0) await queue.publish(['1', '2', '3'].map((id) => queueMessage(id)));
  if (until === 'published') die();
  await queue.consume(
    async (delivery) => {
      if (until === 'handler') die();
      await delivery.append([INTENT]);
      if (until === 'intent') die();
      await delivery.append([RESULT]);
      if (until === 'result') die();
      await delivery.settle({ kind: 'done' });
      die();
    },
    { inFlight: 1, perKey: 1, signal: new AbortController().signal },
  );

  /** Meets a disk that takes nothing more, and one that does again. */
  async function full(): Promise<void> {
    const publish = (id: string) => queue.publish([queueMessage(id, { body: new Uint8Array(3000) })]);
    const outcome = (work: Promise<unknown>) =>
      work.then(
        () => 'fine',
        (error: unknown) => (isTalonError(error) ? `${error.code} ${error.retryable}` : String(error)),
      );
    process.on('SIGXFSZ', () => {});
    allowFiles('300000');
    let stored = 0;
    while ((await outcome(publish(`${stored}`))) === 'fine') stored++;
    say(`stored ${stored}`);
    say(`publish ${await outcome(publish('refused'))}`);
    say(`ready ${await outcome(queue.ready())}`);
    allowFiles('unlimited');
    say(`ready ${await outcome(queue.ready())}`);
    say(`publish ${await outcome(publish('welcome'))}`);
    say(`pending ${(await queue.depth()).pending}`);
    die();
  }

  /** Publishes and works off as fast as it can until it is killed; says what was acknowledged. */
  async function flood(): Promise<void> {
    let number = 0;
    async function publisher(): Promise<never> {
      for (;;) {
        const batch = number++;
        const ids = Array.from({ length: BATCH }, (_, index) => `${batch}-${index}`);
        await queue.publish(ids.map((id) => queueMessage(id, { key: `k${batch % 7}`, body: new Uint8Array(1000) })));
        say(`published ${batch}`);
      }
    }
    const consuming = queue.consume(
      async (delivery) => {
        if (Number(delivery.message.id.split('-')[0]) % 2 === 0) return;
        // Said before: a done that was asked for may be on disk or not.
        say(`settled ${delivery.message.id}`);
        await delivery.settle({ kind: 'done' });
      },
      { inFlight: 20, perKey: 2, signal: new AbortController().signal },
    );
    await Promise.all([consuming, ...Array.from({ length: 20 }, publisher)]);
  }
}

/** In the pipe when it returns: the next statement may be the last one of this process. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}

/** Writing beyond this size fails, as on a full disk. */
function allowFiles(bytes: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
