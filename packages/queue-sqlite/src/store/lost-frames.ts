import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

/** https://sqlite.org/fileformat2.html#the_write_ahead_log */
const HEADER = 32;
const FRAME_HEADER = 24;
const MAGIC = 0x377f0682;
const USUAL_PAGE = 4096;

interface Log {
  /** Of one frame with its header, bytes. */
  readonly frame: number;
  readonly salts: Buffer;
  readonly intact: boolean;
  readonly sums: Sums;
  readonly add: (sums: Sums, bytes: Buffer) => Sums;
}

type Sums = readonly [number, number];

/**
 * Frames of the write-ahead log that SQLite will not read, because one before them is damaged, although they were written
 * for good: a frame whose checksum goes on from a commit's says that this commit had been flushed. What is torn at the end of
 * the log was never acknowledged, and is not counted, nor is what an earlier torn end left behind it: nothing goes on from that.
 */
export function lostFrames(log: string): number {
  if (!existsSync(log)) return 0;
  const file = openSync(log, 'r');
  try {
    return count(file);
  } finally {
    closeSync(file);
  }
}

function count(file: number): number {
  const header = Buffer.alloc(HEADER);
  if (readSync(file, header, 0, HEADER, 0) < HEADER) return 0;
  const { frame: size, salts, intact, sums: first, add } = readHeader(header, file);
  const frame = Buffer.alloc(size);
  /** What the checksum of the next frame goes on from: as the one before says, and as it is. */
  let ends: readonly Sums[] = [first];
  let good = intact;
  let committed = false;
  let behind = 0;
  let lost = 0;
  for (let at = HEADER; readSync(file, frame, 0, size, at) === size; at += size) {
    const current = frame.compare(salts, 0, 8, 8, 16) === 0;
    if (!good && !current) {
      // Of an earlier use of the log, or damaged, too.
      ends = [];
      continue;
    }
    const said: Sums = [frame.readUInt32BE(16), frame.readUInt32BE(20)];
    const found = ends.map((end) => add(add(end, frame.subarray(0, 8)), frame.subarray(FRAME_HEADER)));
    const follows = current && found.some(([a, b]) => a === said[0] && b === said[1]);
    if (!good && follows && committed) lost = behind;
    good &&= follows;
    if (!good) behind++;
    committed = frame.readUInt32BE(4) !== 0;
    ends = good ? [said] : [said, ...found.slice(0, 1)];
  }
  return lost;
}

function readHeader(header: Buffer, file: number): Log {
  const magic = header.readUInt32BE(0);
  const add = sumsOf(magic === MAGIC);
  const sums = add([0, 0], header.subarray(0, 24));
  const known = magic === MAGIC || magic === MAGIC + 1;
  const intact = known && sums[0] === header.readUInt32BE(24) && sums[1] === header.readUInt32BE(28);
  if (intact) {
    return { frame: FRAME_HEADER + header.readUInt32BE(8), salts: header.subarray(16, 24), intact, sums, add };
  }
  // What the first frame says, and what this machine writes.
  const salts = Buffer.alloc(8);
  readSync(file, salts, 0, 8, HEADER + 8);
  return { frame: FRAME_HEADER + USUAL_PAGE, salts, intact, sums, add: sumsOf(endianness() === 'LE') };
}

function sumsOf(littleEndian: boolean): Log['add'] {
  return ([first, second], bytes) => {
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let [a, b] = [first, second];
    for (let at = 0; at + 8 <= bytes.byteLength; at += 8) {
      a = (a + words.getUint32(at, littleEndian) + b) >>> 0;
      b = (b + words.getUint32(at + 4, littleEndian) + a) >>> 0;
    }
    return [a, b];
  };
}
