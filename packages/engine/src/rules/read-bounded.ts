import { constants, createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';

export interface ReadLimits {
  /** Bytes. */
  readonly limit: number;
  /** Pipes and devices are read, too. They may never end and keep a thread: only for commands, which people can stop. */
  readonly pipes?: boolean;
  /** What to do about a file that is too large. */
  readonly advice?: string;
}

/**
 * A file as a whole. Reads no more than it must to know that it is too large, and waits for nobody to write to a pipe.
 * @throws Error in words, or the system's error
 */
export async function readBounded(path: string, limits: ReadLimits): Promise<Buffer> {
  const found = await stat(path);
  if (limits.pipes && !found.isFile() && !found.isDirectory()) return collect(createReadStream(path), limits);
  // What was a file a moment ago may be a pipe now.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const opened = await file.stat();
  const problem = opened.isDirectory()
    ? Object.assign(new Error('it is a directory'), { code: 'EISDIR' })
    : opened.isFile()
      ? undefined
      : new Error('it is no ordinary file');
  if (problem) {
    await file.close();
    throw problem;
  }
  return collect(file.createReadStream(), limits);
}

async function collect(stream: AsyncIterable<Buffer>, { limit, advice }: ReadLimits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > limit)
      throw new Error(`the file is larger than ${sizeText(limit)}${advice === undefined ? '' : `; ${advice}`}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function sizeText(bytes: number): string {
  return bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20} MiB` : `${bytes} bytes`;
}
