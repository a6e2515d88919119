/** Bytes that come in pieces and are wanted as a whole. */
export interface Pieces {
  add(piece: Uint8Array): void;
  readonly bytes: number;
  /** All of them; it is empty then. */
  take(): Buffer;
}

/** Every array costs far more than the byte it may hold: so many become one. */
const MOST = 1024;

export function createPieces(): Pieces {
  let pieces: Uint8Array[] = [];
  let merged: Uint8Array[] = [];
  let bytes = 0;
  return {
    add(piece) {
      if (piece.length === 0) return;
      pieces.push(piece);
      bytes += piece.length;
      if (pieces.length < MOST) return;
      merged.push(Buffer.concat(pieces));
      pieces = [];
    },
    get bytes() {
      return bytes;
    },
    take() {
      const whole = Buffer.concat([...merged, ...pieces], bytes);
      pieces = [];
      merged = [];
      bytes = 0;
      return whole;
    },
  };
}
