export interface Capture {
  readonly snapLength: number;
  readonly packets: number;
  /** Bytes after the last whole packet. */
  readonly rest: number;
}

const FILE_HEADER = 24;
const PACKET_HEADER = 16;
/** With times in microseconds and in nanoseconds. */
const MAGIC = [0xa1b2c3d4, 0xa1b23c4d];

/** Reads a file of the classic pcap format. @throws Error when it is none */
export function readCapture(bytes: Buffer): Capture {
  if (bytes.length < FILE_HEADER) throw new Error(`a capture has ${FILE_HEADER} bytes at least, this ${bytes.length}`);
  const little = MAGIC.includes(bytes.readUInt32LE(0));
  if (!little && !MAGIC.includes(bytes.readUInt32BE(0))) throw new Error('this is no capture');
  const word = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  let packets = 0;
  let at = FILE_HEADER;
  while (at + PACKET_HEADER <= bytes.length) {
    const end = at + PACKET_HEADER + word(at + 8);
    if (end > bytes.length) break;
    packets += 1;
    at = end;
  }
  return { snapLength: word(16), packets, rest: bytes.length - at };
}
