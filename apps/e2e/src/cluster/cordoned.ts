import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../run.ts';

/** A file of this name says that a node is to be made schedulable again, whatever becomes of the test. */
export const CORDONED_PREFIX = 'cordoned-';

export async function willBeCordoned({ folder }: Run, node: string): Promise<void> {
  await writeFile(join(folder, CORDONED_PREFIX + node), '');
}

export async function isPutBack({ folder }: Run, node: string): Promise<void> {
  await rm(join(folder, CORDONED_PREFIX + node), { force: true });
}
