import { constants, fstatSync, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import sonicBoom from 'sonic-boom';

/** Where finished lines go. Writing never blocks and never throws; what does not fit the buffer is dropped and counted. */
export interface Destination {
  write(line: string): void;
  dropped(): number;
  /** Resolves when everything is written or `milliseconds` have passed, whichever is first. */
  flush(milliseconds: number): Promise<void>;
}

/** Bytes that may wait for a reader. */
const BUFFER = 8 * 1024 * 1024;

/**
 * A destination for the standard output (or another descriptor with its stream).
 *
 * A blocking write to a pipe nobody reads would hold a thread for ever, and with it the exit of the process. So pipes and
 * sockets are written through their stream, which is non-blocking on POSIX; terminals through a descriptor of our own that
 * is non-blocking; files, which cannot block for ever, through the descriptor as it is.
 */
export function openDestination(stream: Writable & { readonly fd?: number }, buffer = BUFFER): Destination {
  const fd = stream.fd;
  if (typeof fd !== 'number') return streamDestination(stream, buffer);
  try {
    const stat = fstatSync(fd);
    if (stat.isFile()) return fileDestination(fd, buffer);
    if (stat.isCharacterDevice()) {
      return fileDestination(openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK), buffer);
    }
  } catch {
    // No /proc, or a terminal of another user: the stream will do.
  }
  return streamDestination(stream, buffer);
}

function fileDestination(fd: number, buffer: number): Destination {
  const boom = new sonicBoom.SonicBoom({ fd, sync: false, maxLength: buffer });
  let dropped = 0;
  boom.on('drop', () => dropped++);
  // A full disk or a closed terminal must not end the process; sonic-boom tries again with the next line.
  boom.on('error', () => dropped++);
  return {
    write: (line) => void boom.write(line),
    dropped: () => dropped,
    flush: (milliseconds) => within(milliseconds, (done) => boom.flush(() => done())),
  };
}

function streamDestination(stream: Writable, buffer = BUFFER): Destination {
  let dropped = 0;
  let corked = false;
  stream.on('error', () => dropped++);
  return {
    write(line) {
      if (!stream.writable || stream.writableLength > buffer) {
        dropped++;
        return;
      }
      if (!corked) {
        // The lines of one turn of the event loop leave in one system call.
        corked = true;
        stream.cork();
        setImmediate(uncork);
      }
      stream.write(line);
    },
    dropped: () => dropped,
    flush: (milliseconds) =>
      within(milliseconds, (done) => {
        if (corked) uncork();
        if (!stream.writable) done();
        else stream.write('', () => done());
      }),
  };

  function uncork(): void {
    corked = false;
    stream.uncork();
  }
}

function within(milliseconds: number, start: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    start(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
