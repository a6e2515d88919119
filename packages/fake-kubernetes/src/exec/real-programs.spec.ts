import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { Conversation, ExecExchange } from '../replay/testing-exec.ts';
import { converse } from '../replay/testing-exec.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { pod } from '../workloads/pod.ts';
import { realPrograms } from './real-programs.ts';

let fake: FakeKubernetes;
beforeEach(async () => {
  const cart = pod({ name: 'cart', namespace: 'shop', containers: ['main', 'proxy'] });
  const containers = (cart.spec as { containers: { name: string; env?: object[] }[] }).containers;
  const [main] = containers;
  if (main !== undefined) main.env = [{ name: 'GREETING', value: 'hello' }];
  fake = await startFakeKubernetes({ objects: [cart] });
});
afterEach(() => fake.close());

function run(command: readonly string[], more: Partial<ExecExchange> = {}, container = 'main'): Promise<Conversation> {
  const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' });
  if (more.send !== undefined) query.set('stdin', 'true');
  for (const word of command) query.append('command', word);
  const request = `GET /api/v1/namespaces/shop/pods/cart/exec?${query.toString()}`;
  return converse(
    fake,
    { recording: '', request, protocols: 'v5.channel.k8s.io', status: 101, ...more },
    fake.tokenOf(),
  );
}
const text = async (command: readonly string[]): Promise<string> => (await run(command)).stdout.toString();

describe('real programs', () => {
  it('run in the folder of their container, with its environment and none of ours', async () => {
    process.env['OUR_SECRET'] = 'x';
    const told = await text(['sh', '-c', 'pwd; echo "$GREETING [$OUR_SECRET]"; echo noted > note']);
    delete process.env['OUR_SECRET'];
    const folder = fake.containerFolder('shop', 'cart', 'main');
    expect(told).toBe(`${folder}\nhello []\n`);
    expect(await readFile(join(folder, 'note'), 'utf8')).toBe('noted\n');
    expect(await text(['ls'])).toContain('note');
    expect((await run(['ls'], {}, 'proxy')).stdout.toString()).toBe('');
  });

  it.each(['dash', 'bash', 'busybox'] as const)('are run by the shell %s', async (shell) => {
    fake.onExec({ container: 'main' }, realPrograms({ shell }));
    const told = await text(['/bin/sh', '-c', 'readlink /proc/$$/exe; true']);
    expect(told.trim()).toMatch(new RegExp(`/${shell}$`));
  });

  it('are only those there are', async () => {
    const remove = fake.onExec({ container: 'main' }, realPrograms({ programs: ['wc'] }));
    expect(await text(['sh', '-c', 'cat x; printf abc | wc -c'])).toMatch(/^\s*3\n$/);
    expect((await run(['cat', '/etc/passwd'])).end).toMatchObject({ reason: 'InternalError', code: 500 });
    remove();
    expect((await run(['cat', '/dev/null'])).end).toMatchObject({ status: 'Success' });
  });

  it('whose output goes on in the background are not over', async () => {
    const told = await text(['sh', '-c', '(sleep 0.3; echo later) & echo now']);
    expect(told).toBe('now\nlater\n');
  });

  it('that leave much of their input unread never say how they ended, as with the real one', async () => {
    const send = [`00${'78'.repeat(500_000)}`, `00${'78'.repeat(500_000)}`];
    const had = await run(['sh', '-c', 'head -c 1'], { send, leave: true, stdout: 'x' });
    expect(had.end).toBeUndefined();
  });

  it('end with the fake, and what they started, too', async () => {
    const told = await text(['sh', '-c', 'sleep 1000 > /dev/null 2>&1 & echo $!']);
    const process_ = Number(told);
    const lives = (): boolean => {
      try {
        return process.kill(process_, 0);
      } catch {
        return false;
      }
    };
    expect(lives()).toBe(true);
    await fake.close();
    await vi.waitUntil(() => !lives() || isDefunct(process_), { timeout: 10_000 });
  });
});

/** Ended, and not yet asked about by its parent. */
function isDefunct(process_: number): boolean {
  const state = /\) (\w) /.exec(readFileSync(`/proc/${process_}/stat`, 'utf8'))?.[1];
  return state === 'Z';
}
