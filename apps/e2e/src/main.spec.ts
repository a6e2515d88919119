import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2e-main-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The suite's program with nothing but these variables. */
function start(variables: Readonly<Record<string, string>>) {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@falco-talon/source', main], {
    env: { PATH: process.env['PATH'], TMPDIR: folder, HOME: folder, ...variables },
  });
  const printed = Promise.all([text(child.stdout), text(child.stderr)]);
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, result: async () => ({ code: await code, output: await printed }) };
}

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
}

it('says in one line that it has neither a cluster nor a server to start, which is no failure', async () => {
  const { code, output } = await start({}).result();
  expect(code).toBe(0);
  expect(output[0]).toMatch(/^e2e skipped: set KUBECONFIG .*, or KUBEBUILDER_ASSETS .*\n$/);
  expect(output[1]).toBe('');
});

it('says which program is missing', async () => {
  await program('etcd', 'exit 0');
  const { code, output } = await start({ KUBEBUILDER_ASSETS: folder }).result();
  expect(code).toBe(1);
  expect(output[1]).toContain(`there is no ${join(folder, 'kube-apiserver')}`);
});

it('shows the last words of a program that ends, and ends the other one', async () => {
  await program('etcd', `echo $$ > ${folder}/pid\nexec sleep 1000`);
  await program('kube-apiserver', 'echo the last word\nexit 3');
  const { code, output } = await start({ KUBEBUILDER_ASSETS: folder }).result();
  expect(code).toBe(1);
  expect(output[1]).toContain('kube-apiserver ended with code 3:\nthe last word');
  expect(await leftRunning()).toBe(false);
  expect(await readdir(folder)).not.toContainEqual(expect.stringMatching(/^falco-talon-e2e-/));
});

it('ends what it has started when it is interrupted', async () => {
  await program('etcd', `echo $$ > ${folder}/pid\nexec sleep 1000`);
  await program('kube-apiserver', `echo up > ${folder}/started\nexec sleep 1000`);
  const { child, result } = start({ KUBEBUILDER_ASSETS: folder });
  await expect.poll(() => readdir(folder), { timeout: 20_000 }).toContain('started');
  child.kill('SIGINT');
  const { code, output } = await result();
  expect(code).toBe(1);
  expect(output[0]).toContain('interrupted');
  expect(await leftRunning()).toBe(false);
  expect(await readdir(folder)).not.toContainEqual(expect.stringMatching(/^falco-talon-e2e-/));
});

/** Whether the program that wrote its process id is still there. */
async function leftRunning(): Promise<boolean> {
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
