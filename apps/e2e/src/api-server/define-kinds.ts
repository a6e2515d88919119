import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kubernetes, KubernetesObject } from '@falco-talon/client-kubernetes';
import { parseAllDocuments } from 'yaml';
import { DEFINITIONS } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';

type Definition = Readonly<Record<string, unknown>> & {
  readonly kind?: string;
  readonly metadata: { readonly name: string };
};

/** Creates every CustomResourceDefinition of a folder; resolves when all are served. */
export async function defineKinds(client: Kubernetes, folder: string): Promise<number> {
  const definitions: Definition[] = [];
  for await (const file of glob('**/*.{yaml,yml,json}', { cwd: folder })) {
    const documents = parseAllDocuments(await readFile(join(folder, file), 'utf8'));
    const found = [...documents].map((document) => document.toJS() as Definition | null);
    definitions.push(...found.filter((one) => one?.kind === DEFINITIONS.kind).map((one) => one!));
  }
  for (const definition of definitions) {
    await client.create(DEFINITIONS, definition, { signal: AbortSignal.timeout(30_000) });
  }
  await until('the kinds are served', async () => {
    const now = await client.list(DEFINITIONS, { signal: AbortSignal.timeout(30_000) });
    return now.every(isServed);
  });
  return definitions.length;
}

function isServed({ status }: KubernetesObject): boolean {
  const conditions = (status?.['conditions'] ?? []) as readonly { readonly type: string; readonly status: string }[];
  return conditions.some(({ type, status: is }) => type === 'Established' && is === 'True');
}
