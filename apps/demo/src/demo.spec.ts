import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ONLOOKER, runControllers, startEmptyCluster } from './testing-cluster.ts';

const folder = await mkdtemp(join(tmpdir(), 'demo-spec-'));
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const GOOD = 'The cluster ended in the expected state.';
const BAD = 'The cluster did not end in the expected state:';

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the demo as npm does, in a process group and with a temporary directory of its own. */
async function startDemo(...argv: string[]) {
  const temporary = await mkdtemp(join(folder, 'tmp-'));
  const args = ['--conditions=@falco-talon/source', join(import.meta.dirname, 'main.ts'), ...argv];
  const child = spawn(process.execPath, args, {
    cwd: join(import.meta.dirname, '../../..'),
    env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const printed = Promise.all([text(child.stdout), text(child.stderr)]);
  const ended = once(child, 'exit').then(async ([code]): Promise<Run> => {
    const [stdout, stderr] = await printed;
    return { code: code as number | null, stdout, stderr };
  });
  return { child, temporary, ended };
}

/** Runs it to its end, and sees that it leaves nothing behind. */
async function demo(...argv: string[]): Promise<Run> {
  const { child, temporary, ended } = await startDemo(...argv);
  const run = await ended;
  expect(await readdir(temporary)).toEqual([]);
  expectNoneLeft(child.pid!);
  return run;
}

/** No process of this group is there any more. */
function expectNoneLeft(group: number): void {
  expect(() => process.kill(-group, 0)).toThrow('ESRCH');
}

const lastLine = (output: string) => output.trimEnd().split('\n').at(-1);

it('plays a response on a cluster in memory', async () => {
  const { code, stdout, stderr } = await demo();
  expect(stderr).toBe('');
  expect(lastLine(stdout)).toBe(GOOD);
  expect(code).toBe(0);
});

it('answers wrong usage with a sentence', async () => {
  const { code, stderr } = await demo('--kubeconfg', 'x');
  expect(stderr).toMatch(/--kubeconfg.*\nUsage: /);
  expect(code).toBe(2);
});

it('says what is wrong with a kubeconfig that is not there', async () => {
  const { code, stderr } = await demo('--kubeconfig', join(folder, 'absent'));
  expect(stderr).toMatch(/absent.*\n$/);
  expect(code).toBe(1);
});

describe('on the cluster of a kubeconfig', () => {
  const kubeconfig = join(folder, 'kubeconfig');
  let api: FakeKubernetes;
  let controllers: Promise<void>;
  let stop: AbortController;

  beforeEach(async () => {
    api = await startEmptyCluster();
    stop = new AbortController();
    controllers = runControllers(api, stop.signal);
  });
  afterEach(async () => {
    stop.abort();
    await controllers;
    await api.close();
  });

  /** Names of the namespaces the demo made, and of those it removed. */
  const namespaces = (method: string) =>
    api.requests
      .filter((request) => request.method === method && /^\/api\/v1\/namespaces(\/[^/]+)?$/.test(request.path))
      .map(({ path, user }) => [path.split('/')[4] ?? 'new', user] as const);

  it('makes a namespace of its own with a workload, acts on it, and removes it', async () => {
    await api.writeKubeconfig(kubeconfig);
    const { code, stdout, stderr } = await demo('--kubeconfig', kubeconfig, '--image', 'registry.example.com/sh:1');
    expect(stderr).toBe('');
    expect(lastLine(stdout)).toBe(GOOD);
    expect(code).toBe(0);

    const name = /namespace (falco-talon-demo-[0-9a-f]{6})/.exec(stdout)![1]!;
    expect(namespaces('POST')).toHaveLength(1);
    expect(namespaces('DELETE').map(([removed]) => removed)).toEqual([name]);
    const elsewhere = api.requests.filter(
      ({ method, path }) => method !== 'GET' && !path.startsWith(`/api/v1/namespaces`) && !path.includes(`/${name}/`),
    );
    expect(elsewhere).toEqual([]);
    const images = api.objects('deployments', name).map(({ spec }) => JSON.stringify(spec));
    expect(images).toHaveLength(2);
    for (const image of images) expect(image).toContain('registry.example.com/sh:1');
  });

  it('ends with 1, and says what differs, when the server may not act', async () => {
    await api.writeKubeconfig(kubeconfig, { user: ONLOOKER });
    const { code, stdout } = await demo('--kubeconfig', kubeconfig);
    expect(code).toBe(1);
    const verdict = stdout.slice(stdout.indexOf(BAD));
    expect(verdict).toContain(
      'a shell in one of three replicas: expected [Label the pod as suspicious success, Keep the log success, Terminate the pod success], got [Label the pod as suspicious failure]',
    );
    expect(verdict).toMatch(/pod cart-\S+ is still there/);
    expect(verdict).toContain('there is not exactly one policy that selects the isolated pod');
    expect(stdout).toMatch(/failure {2}Label the pod.*not allowed to patch/);
    expect(namespaces('DELETE')).toHaveLength(1);
  });

  it('removes the namespace when it is interrupted', async () => {
    stop.abort(); // nothing ever starts the pods
    await controllers;
    await api.writeKubeconfig(kubeconfig);
    const { child, temporary, ended } = await startDemo('--kubeconfig', kubeconfig);
    await api.waitForRequest(({ method, path }) => method === 'GET' && path.endsWith('/pods'), 30_000);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 1, stderr: 'interrupted\n' });
    expect(namespaces('DELETE')).toHaveLength(1);
    expect(await readdir(temporary)).toEqual([]);
    expectNoneLeft(child.pid!);
  });
});
