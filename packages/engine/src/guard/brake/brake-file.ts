import { createHash } from 'node:crypto';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { fit, strictObject, Type, type Static } from '@falco-talon/core';
import { syncDirectory } from '../../disk/sync-directory.ts';

/** The file's name in the data directory. */
export const BRAKE_FILE = 'storm-brake.json';
/** A file of another hand is not read into memory, however long it is. */
const MAX_BYTES = 64 * 1024 * 1024;

const engaged = strictObject({
  /** Milliseconds left when it was written. */
  left: Type.Number(),
  label: Type.String(),
  notifiers: Type.Array(Type.String()),
  rule: Type.String(),
  event: Type.String(),
  traceId: Type.String(),
  observed: Type.Integer(),
  told: Type.Boolean(),
});
const content = strictObject({
  version: Type.Integer({ minimum: 1, maximum: 1 }),
  /** Of the clock below; empty where the machine does not say. */
  boot: Type.String(),
  /** When it was written, on the steady clock. */
  at: Type.Number(),
  budgets: Type.Array(
    strictObject({
      identity: Type.String(),
      keys: Type.Array(
        strictObject({
          key: Type.String(),
          acts: Type.Array(strictObject({ age: Type.Number({ minimum: 0 }), step: Type.String() })),
          engaged: Type.Optional(engaged),
        }),
      ),
    }),
  ),
});
export type BrakeContent = Static<typeof content>;

/**
 * What the process before had counted; undefined when there is nothing.
 * @throws Error that says why the file cannot be used
 */
export async function readBrakeFile(directory: string): Promise<BrakeContent | undefined> {
  const path = join(directory, BRAKE_FILE);
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return undefined;
  try {
    return contentOf(await textOf(handle));
  } finally {
    await handle.close();
  }
}

async function textOf(handle: FileHandle): Promise<string> {
  const { size } = await handle.stat();
  if (size > MAX_BYTES) throw new Error(`it is longer than ${MAX_BYTES} bytes`);
  return handle.readFile('utf8');
}

/** A checksum before the text: what a torn write or a bad sector left must not count as a budget. */
function contentOf(text: string): BrakeContent {
  const end = text.indexOf('\n');
  const json = text.slice(end + 1);
  if (end === -1 || text.slice(0, end) !== checksum(json)) throw new Error('its checksum does not fit its content');
  const { value, issues } = fit(content, JSON.parse(json));
  if (issues[0]) throw new Error([...issues[0].path, issues[0].message].join(': '));
  return value;
}

/** Whole or not at all, and on disk when it resolves. One call at a time. */
export async function writeBrakeFile(directory: string, value: BrakeContent): Promise<void> {
  const path = join(directory, BRAKE_FILE);
  const partial = `${path}.partial`;
  const json = JSON.stringify(value);
  const handle = await open(partial, 'w', 0o600);
  try {
    await handle.writeFile(`${checksum(json)}\n${json}`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, path);
  await syncDirectory(directory);
}

/** Puts a file that cannot be used aside, for whoever wants to look at it; a second one replaces the first. */
export async function setBrakeFileAside(directory: string): Promise<void> {
  const path = join(directory, BRAKE_FILE);
  await rename(path, `${path}.damaged`).catch(() => {});
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
