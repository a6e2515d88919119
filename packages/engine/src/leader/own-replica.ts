import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '@falco-talon/core';

/** This process, as the other replicas know it. */
export interface OwnReplica {
  readonly identity: string;
  /** SPKI, base64. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

const FILE = 'replica';
const LONGEST_NAME = 180;

/**
 * A name and keys of its own. The name outlives the process with its queue, which only one process can have open: whoever had it
 * before is gone, so a lead need not be waited for after a crash. The keys never leave the memory.
 * @param directory undefined when the queue is no proof of that
 */
export async function ownReplica(directory: string | undefined, environment: Environment): Promise<OwnReplica> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    identity: await identityOf(directory, podName(environment)),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    privateKey,
  };
}

async function identityOf(directory: string | undefined, pod: string): Promise<string> {
  const fresh = `${pod}-${randomBytes(4).toString('hex')}`;
  if (directory === undefined) return fresh;
  const file = join(directory, FILE);
  const written = (await readFile(file, 'utf8').catch(() => '')).trim();
  // Another pod that got the disk is another replica: nobody knows whether the first one has really ended.
  if (written.length === fresh.length && written.startsWith(`${pod}-`) && /-[0-9a-f]{8}$/.test(written)) return written;
  await writeFile(`${file}.new`, `${fresh}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return fresh;
}

/** As part of the name of an object. */
function podName({ variables }: Environment): string {
  const name = (variables['POD_NAME'] || variables['HOSTNAME'] || hostname()).toLowerCase();
  return (
    name
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, LONGEST_NAME)
      .replace(/-$/, '') || 'replica'
  );
}
