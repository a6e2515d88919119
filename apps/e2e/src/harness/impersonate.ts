import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, resolve } from 'node:path';
import { parse } from 'yaml';

type Entry = { readonly name?: string } & Record<string, unknown>;

const FILES = ['client-certificate', 'client-key', 'tokenFile'];

/**
 * Writes a kubeconfig in which the user of the current context acts as somebody else.
 * @returns what to put into KUBECONFIG: that file before the others, as the first to say something wins
 */
export async function impersonate(kubeconfig: string, as: string, file: string): Promise<string> {
  const files = kubeconfig.split(delimiter).filter(Boolean);
  const documents = await Promise.all(
    files.map(async (path) => ({ path, document: parse(await readFile(path, 'utf8')) as Record<string, unknown> })),
  );
  const entries = (key: string) =>
    documents.flatMap(({ path, document }) => ((document[key] ?? []) as Entry[]).map((entry) => ({ path, entry })));
  const current = documents.map(({ document }) => document['current-context']).find(Boolean);
  const context = entries('contexts').find(({ entry }) => entry.name === current)?.entry['context'] as
    | Entry
    | undefined;
  const user = entries('users').find(({ entry }) => entry.name === context?.['user']);
  if (user === undefined) throw new Error(`${kubeconfig} names no user for its current context`);

  const credentials = { ...(user.entry['user'] as Record<string, unknown>), as };
  for (const key of FILES) {
    const path = (credentials as Record<string, unknown>)[key];
    if (typeof path === 'string') Object.assign(credentials, { [key]: resolve(dirname(user.path), path) });
  }
  const document = { apiVersion: 'v1', kind: 'Config', users: [{ name: user.entry.name, user: credentials }] };
  await writeFile(file, JSON.stringify(document), { mode: 0o600 });
  return [file, ...files].join(delimiter);
}
