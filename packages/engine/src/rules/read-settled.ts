import { createHash } from 'node:crypto';
import type { ReadRuleFiles } from './read-files.ts';

/** A file that is written without end is judged as it is: whatever is wrong with it is then said. */
const MOST_READS = 20;

export interface SettledRuleFiles {
  readonly read: ReadRuleFiles;
  /** Differs when anything that was read differs. */
  readonly version: string;
}

/**
 * Reads until two reads in a row are the same, with a pause between them: whoever saves a file in place empties it first,
 * and half of the rules are often valid rules. Nothing is read twice when the first read is the known version.
 */
export async function readSettled(
  known: string,
  read: () => Promise<ReadRuleFiles>,
  pause: () => Promise<void>,
): Promise<SettledRuleFiles> {
  let last = await versioned(read);
  for (let reads = 1; last.version !== known && reads < MOST_READS; reads++) {
    await pause();
    const next = await versioned(read);
    if (next.version === last.version) return next;
    last = next;
  }
  return last;
}

async function versioned(read: () => Promise<ReadRuleFiles>): Promise<SettledRuleFiles> {
  const found = await read();
  return { read: found, version: versionOf(found) };
}

/** What was read says all: judging it again gives the same. Rules that did not change are not even parsed. */
export function versionOf(read: ReadRuleFiles): string {
  const hash = createHash('sha256');
  for (const part of [read.problems, ...read.files.flatMap(({ path, text }) => [path, text])])
    hash.update(JSON.stringify(part));
  return hash.digest('base64');
}
