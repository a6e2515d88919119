import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { impersonate } from './impersonate.ts';

let folder: string;
const at = (name: string) => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'impersonate-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('lets the user of the current context act as another one, wherever its files are', async () => {
  await writeFile(
    at('clusters'),
    `contexts: [{ name: here, context: { cluster: c, user: admin } }]\ncurrent-context: here\n`,
  );
  await writeFile(
    at('users'),
    `users:\n- { name: other, user: { token: x } }\n- { name: admin, user: { client-certificate: keys/admin.crt, token: t } }\n`,
  );
  const list = [at('clusters'), at('users')].join(delimiter);
  const found = await impersonate(list, 'system:serviceaccount:shop:talon', at('as'));
  expect(found).toBe([at('as'), at('clusters'), at('users')].join(delimiter));
  expect(JSON.parse(await readFile(at('as'), 'utf8'))).toMatchObject({
    users: [
      {
        name: 'admin',
        user: { 'client-certificate': at('keys/admin.crt'), token: 't', as: 'system:serviceaccount:shop:talon' },
      },
    ],
  });
});

it('refuses a kubeconfig without a user', async () => {
  await writeFile(at('empty'), 'contexts: []\n');
  await expect(impersonate(at('empty'), 'somebody', at('as'))).rejects.toThrow('names no user');
});
