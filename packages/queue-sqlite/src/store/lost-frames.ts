import { closeSync, existsSync, openSync, readSync } from 'node:fs';

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
 * for good: one that follows a commit says that this commit had been flushed. What is torn at the end of the log was never
 * acknowledged, and is not counted.
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
  let sums = first;
  let good = intact;
  let pending = 0;
  let lost = 0;
  let committed = false;
  for (let at = HEADER; readSync(file, frame, 0, size, at) === size; at += size) {
    const current = frame.compare(salts, 0, 8, 8, 16) === 0;
    if (good) {
      sums = add(add(sums, frame.subarray(0, 8)), frame.subarray(FRAME_HEADER));
      good = current && sums[0] === frame.readUInt32BE(16) && sums[1] === frame.readUInt32BE(20);
      if (good) continue;
    }
    // Of an earlier use of the log; the damaged one itself may look like that.
    if (!current && pending > 0) break;
    if (committed) lost = pending;
    pending++;
    committed = frame.readUInt32BE(4) !== 0;
  }
  return lost;
}

function readHeader(header: Buffer, file: number): Log {
  const magic = header.readUInt32BE(0);
  const add = magic === MAGIC ? sumsOf(true) : sumsOf(false);
  const sums = add([0, 0], header.subarray(0, 24));
  const known = magic === MAGIC || magic === MAGIC + 1;
  const intact = known && sums[0] === header.readUInt32BE(24) && sums[1] === header.readUInt32BE(28);
  if (intact) {
    return { frame: FRAME_HEADER + header.readUInt32BE(8), salts: header.subarray(16, 24), intact, sums, add };
  }
  // What the first frame says.
  const salts = Buffer.alloc(8);
  readSync(file, salts, 0, 8, HEADER + 8);
  return { frame: FRAME_HEADER + USUAL_PAGE, salts, intact, sums, add };
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
