import { lostError, tooLargeError, unreadableError } from '../failure.ts';
import type { KubernetesObject } from '../kubernetes.ts';
import type { Limits } from '../limits.ts';
import type { BodyStream } from '../transport/body-stream.ts';
import type { Call } from '../transport/call.ts';
import type { Answer } from '../transport/exchange.ts';
import { createLines } from './lines.ts';
import { readLine, type Received } from './received.ts';

/**
 * The events of one watch as they come; the connection waits while the reader is busy, and ends when the reader leaves.
 * @throws TalonError when the stream breaks, and for a line that is too long or is none
 */
export async function* readEvents<T extends KubernetesObject>(
  call: Call,
  answer: Answer,
  stream: BodyStream,
  limits: Limits,
): AsyncGenerator<Received<T>, void> {
  const splitter = createLines(limits.watchLine);
  const chunks = stream.read();
  try {
    // By hand, because `for await` does not tell what the stream ended with.
    for (;;) {
      const { done, value } = await chunks.next();
      if (done) {
        if (value) throw lostError(call, value);
        return;
      }
      const { lines, tooLong } = splitter.push(value);
      for (const line of lines) {
        // As with the rest of the stream: nothing is given out after an abort.
        if (call.signal.aborted) throw lostError(call, { lost: 'aborted', sent: true, text: 'aborted' });
        const received = readLine<T>(line);
        if (received === undefined) throw unreadableError(call, answer, 'a line of the watch is no event');
        yield received;
      }
      if (tooLong) throw tooLargeError(call, `one object has more than ${limits.watchLine} bytes`);
    }
  } finally {
    await chunks.return(undefined);
  }
}
