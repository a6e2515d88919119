import { crc32 } from 'node:zlib';

/** Of what never changes in a message's row. The texts are escaped, so none contains the separator. */
export function messageChecksum(row: { id: string; kind: string; key: string; headers: string; body: Uint8Array }) {
  return crc32(row.body, crc32(`${row.id}\n${row.kind}\n${row.key}\n${row.headers}\n`));
}

export function entryChecksum(seq: number, n: number, entry: { step: string; kind: string; data: string }): number {
  return crc32(`${seq}\n${n}\n${entry.step}\n${entry.kind}\n${entry.data}`);
}
