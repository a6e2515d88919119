import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { testServer } from '../server/testing-server.ts';

const page = join(import.meta.dirname, '../../../../docs/authentication.md');
const missing = ['openssl', 'curl'].filter((program) => spawnSync(program, ['--version']).error !== undefined);
if (missing.length > 0)
  console.warn(`the signature of docs/authentication.md is not tried: no ${missing.join(', no ')}`);

it.skipIf(missing.length > 0)('the shell lines of the documentation sign an alert', async () => {
  const [, script] = /```sh\n([^`]*X-Falco-Talon-Signature[^`]*)```/.exec(await readFile(page, 'utf8'))!;
  const folder = await mkdtemp(join(tmpdir(), 'signature-'));
  const key = 'a-key-of-enough-characters';
  const server = await testServer({}, {}, undefined, { auth: { hmac_keys: [key], hmac_tolerance_seconds: 1e9 } });
  try {
    await writeFile(join(folder, 'alert.json'), '{"rule":"Ünïcode $(x) \\" \'"}\n');
    const text = script!.replace('https://falco-talon:2803/', server.url);
    const { stdout } = await promisify(execFile)('sh', ['-c', text], {
      cwd: folder,
      env: { ...process.env, KEY: key, no_proxy: '*' },
      timeout: 20_000,
    });
    expect(JSON.parse(stdout)).toMatchObject({ id: 'id-1' });
    expect(server.engine.bodies).toHaveLength(1);
  } finally {
    await server.close(0);
    await rm(folder, { recursive: true });
  }
});
