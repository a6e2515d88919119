import { open } from 'node:fs/promises';

/** Makes the names in a directory durable. A file system that cannot do it keeps them anyway, or does not: no reason to stop. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}
