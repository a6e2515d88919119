import type { Lost } from './exchange.ts';

/** Bytes as they come, in order. Ends with an error that is a `Lost`, thrown as `LostStream`. */
export interface BodyStream {
  push(chunk: Buffer): void;
  end(): void;
  fail(lost: Lost): void;
  /** May be iterated once; leaving the iteration early ends the request. */
  read(): AsyncGenerator<Buffer, Lost | undefined>;
}

interface Source {
  pause(): void;
  resume(): void;
  abort(): void;
  /** Milliseconds a reader waits for the next bytes; absent: as long as it takes. */
  readonly silence?: number;
  onSilence?(): void;
}

const HIGH_WATER = 256 * 1024;
/** What a chunk costs beside its bytes, so that a flood of tiny ones is bounded, too. */
const CHUNK_COST = 256;

export function createBodyStream(source: Source): BodyStream {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let paused = false;
  let over = false;
  let lost: Lost | undefined;
  let wake: (() => void) | undefined;

  const arrived = (): void => {
    wake?.();
    wake = undefined;
  };
  const nextArrival = async (): Promise<void> => {
    const { silence } = source;
    const timer = silence === undefined ? undefined : setTimeout(() => source.onSilence?.(), silence);
    await new Promise<void>((resolve) => (wake = resolve));
    clearTimeout(timer);
  };

  return {
    push(chunk) {
      if (over) return;
      chunks.push(chunk);
      bytes += chunk.length + CHUNK_COST;
      if (!paused && bytes >= HIGH_WATER) {
        paused = true;
        source.pause();
      }
      arrived();
    },
    end() {
      over = true;
      arrived();
    },
    fail(reason) {
      if (over) return;
      over = true;
      lost = reason;
      arrived();
    },
    async *read() {
      try {
        for (;;) {
          // What was received before the connection broke is still given out, except after an abort.
          const chunk = lost?.lost === 'aborted' ? undefined : chunks.shift();
          if (chunk) {
            bytes -= chunk.length + CHUNK_COST;
            if (paused && bytes < HIGH_WATER / 2) {
              paused = false;
              source.resume();
            }
            yield chunk;
          } else if (over) return lost;
          else await nextArrival();
        }
      } finally {
        if (!over) source.abort();
      }
    },
  };
}
