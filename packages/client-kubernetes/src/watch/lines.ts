import { createPieces } from '../transport/pieces.ts';

const LINE_END = 0x0a;

/** Cuts bytes into lines, wherever the chunks end. An unfinished last line is dropped: nothing says that it is whole. */
export interface Lines {
  /** The lines this chunk completes. When one is longer than allowed, nothing may come after it. */
  push(chunk: Uint8Array): { readonly lines: readonly string[]; readonly tooLong: boolean };
}

export function createLines(longest: number): Lines {
  const begun = createPieces();
  return {
    push(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(LINE_END, start);
        const part = chunk.subarray(start, end < 0 ? chunk.length : end);
        if (begun.bytes + part.length > longest) return { lines, tooLong: true };
        begun.add(part);
        if (end < 0) return { lines, tooLong: false };
        // Whole lines are decoded at once: a character may be cut by the end of a chunk, never by that of a line.
        const line = begun.take().toString();
        start = end + 1;
        if (line.trim() !== '') lines.push(line);
      }
    },
  };
}
