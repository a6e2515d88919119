/** A call of a traced process, as `strace -f -y -xx` prints it, that changes a file or makes its changes durable. */
const CALL = /^(\d+) +(pwrite64|ftruncate|fsync|fdatasync)\(\d+<([^>]*)>(?:, )?(.*)$/;
const RESUMED = /^(\d+) +<\.\.\. (?:fsync|fdatasync) resumed>\) += (\S+)/;
const WRITE = /^"([^"]*)", \d+, (\d+)/;
/** Bytes a disk writes whole or not at all. */
const SECTOR = 512;

interface Write {
  readonly at: number;
  /** A number: the file is cut to it. */
  readonly bytes: Buffer | number;
}

/** What a disk holds of files while a process writes to them. */
export interface DurableFiles {
  /** The next line of the trace. */
  trace(line: string): void;
  /** Flushes heard of so far. */
  readonly flushes: number;
  /**
   * What is left when the power goes now: what was flushed, and of the rest the sectors `survives` says.
   * `lost`: bytes that were written and are not there.
   */
  cut(survives: () => boolean): { readonly files: ReadonlyMap<string, Buffer>; readonly lost: number };
}

/** @param files what they hold at the beginning, by path */
export function durableFiles(files: ReadonlyMap<string, Buffer>): DurableFiles {
  const durable = new Map(files);
  const pending = new Map<string, Write[]>(Array.from(files.keys(), (path) => [path, []]));
  /** By thread: what it flushes, and how much of it had been written when it began. */
  const flushing = new Map<string, { readonly path: string; readonly count: number }>();
  let flushes = 0;

  function flushed(thread: string): void {
    const { path = '', count = 0 } = flushing.get(thread) ?? {};
    const written = pending.get(path)?.splice(0, count) ?? [];
    durable.set(path, written.reduce(applied, durable.get(path)!));
    flushes++;
  }

  return {
    get flushes() {
      return flushes;
    },
    trace(line) {
      const [, resumed = '', result] = RESUMED.exec(line) ?? [];
      if (result === '0' && flushing.has(resumed)) return flushed(resumed);
      const [, thread = '', call, name = '', rest = ''] = CALL.exec(line) ?? [];
      const path = unescaped(name).toString();
      const writes = pending.get(path);
      if (!writes) return;
      if (call === 'ftruncate') writes.push({ at: 0, bytes: Number.parseInt(rest, 10) });
      else if (call === 'pwrite64') {
        const [, bytes, at] = WRITE.exec(rest) ?? [];
        if (bytes === undefined) throw new Error(`not understood: ${line.slice(0, 200)}`);
        writes.push({ at: Number(at), bytes: unescaped(bytes) });
      } else {
        flushing.set(thread, { path, count: writes.length });
        if (/\) += 0\b/.test(rest)) flushed(thread);
      }
    },
    cut(survives) {
      let lost = 0;
      const left = Array.from(durable, ([path, content]): [string, Buffer] => {
        const survivors = (pending.get(path) ?? []).flatMap(sectorsOf).filter((write) => {
          const there = survives();
          if (!there && typeof write.bytes !== 'number') lost += write.bytes.length;
          return there;
        });
        return [path, survivors.reduce(applied, content)];
      });
      return { files: new Map(left), lost };
    },
  };
}

function applied(content: Buffer, { at, bytes }: Write): Buffer {
  if (typeof bytes === 'number') return resized(content, bytes);
  const whole = at + bytes.length > content.length ? resized(content, at + bytes.length) : content;
  bytes.copy(whole, at);
  return whole;
}

function resized(content: Buffer, size: number): Buffer {
  return size <= content.length
    ? content.subarray(0, size)
    : Buffer.concat([content, Buffer.alloc(size - content.length)]);
}

function sectorsOf({ at, bytes }: Write): Write[] {
  if (typeof bytes === 'number') return [{ at, bytes }];
  const sectors: Write[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = Math.min(bytes.length, start + SECTOR - ((at + start) % SECTOR));
    sectors.push({ at: at + start, bytes: bytes.subarray(start, end) });
    start = end;
  }
  return sectors;
}

function unescaped(text: string): Buffer {
  return Buffer.from(text.replaceAll(String.raw`\x`, ''), 'hex');
}
