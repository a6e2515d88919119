/** Bytes of output in a result; the engine cuts at a little more. */
export const OUTPUT_BYTES = 63 * 1024;
/** Of these, what the standard error has at most. */
export const ERROR_BYTES = 16 * 1024;
/** Bytes of each of a command's streams in an error, whose text the engine cuts at 4 KiB. */
const LAST_WORDS = 1536;

/** What a command said, as far as it is kept: the beginning of its output and the end of its errors. */
export interface Said {
  add(chunk: { readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }): void;
  /** Output, then errors under a mark, each with a note where it was cut. */
  text(): string;
  cut(): boolean;
  /** The end of its errors, then of its output under a mark; empty when it said nothing. */
  lastWords(): string;
}

export function createSaid(): Said {
  const streams = { stdout: createEnds(OUTPUT_BYTES, LAST_WORDS), stderr: createEnds(0, ERROR_BYTES) };
  const { stdout, stderr } = streams;

  const room = () => OUTPUT_BYTES - Math.min(stderr.total(), ERROR_BYTES);
  return {
    add: ({ stream, bytes }) => streams[stream].add(bytes),
    cut: () => stdout.total() > room() || stderr.total() > ERROR_BYTES,
    text() {
      const output = headText(stdout.head(), room(), stdout.total());
      if (stderr.total() === 0) return output;
      const lineFeed = output === '' || output.endsWith('\n') ? '' : '\n';
      return `${output}${lineFeed}[stderr]\n${tailText(stderr.tail(), ERROR_BYTES, stderr.total())}`;
    },
    lastWords() {
      const [errors, output] = [stderr, stdout].map(({ tail, total }) => tailText(tail(), LAST_WORDS, total()).trim());
      return errors === '' || output === '' ? `${errors}${output}` : `${errors}\n[stdout]\n${output}`;
    },
  };
}

/** The first and the last bytes of a stream. Takes no memory for the rest, however it comes. */
function createEnds(first: number, last: number) {
  const head = Buffer.alloc(first);
  /** Where `total` points to is the oldest byte, once it is full. */
  const ring = Buffer.alloc(last);
  let total = 0;
  return {
    total: () => total,
    head: () => head.subarray(0, total),
    tail: () => {
      const at = total % last;
      return total < last ? ring.subarray(0, total) : Buffer.concat([ring.subarray(at), ring.subarray(0, at)]);
    },
    add(bytes: Uint8Array) {
      if (total < first) head.set(bytes.subarray(0, first - total), total);
      const part = bytes.subarray(-last);
      const at = (total + bytes.length - part.length) % last;
      ring.set(part.subarray(0, last - at), at);
      ring.set(part.subarray(last - at), 0);
      total += bytes.length;
    },
  };
}

function headText(bytes: Uint8Array, limit: number, total: number): string {
  // As a stream: what is left of a character that was cut is left out.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, limit), {
    stream: total > limit,
  });
  return total > limit ? `${text}\n… (cut at ${limit} of ${total} bytes)\n` : text;
}

function tailText(bytes: Uint8Array, limit: number, total: number): string {
  if (total <= limit) return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const whole = bytes.subarray(-limit);
  // The rest of a character that began before.
  const start = whole.findIndex((byte) => (byte & 0xc0) !== 0x80);
  return `… ${new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole.subarray(Math.max(start, 0)))}`;
}
