import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pod, realPrograms } from '@falco-talon/fake-kubernetes';
import { auditEvent, runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, type TestCluster } from '../../spec/cluster.ts';
import { fakeShells } from '../../spec/local-shell.ts';
import { script } from './script.ts';

let cluster: TestCluster;
let files: string;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'scripts-'));
  cluster = await startCluster({ objects: [pod({ name: 'cart-0', namespace: 'shop', uid: 'uid-1' })] });
});
afterAll(async () => {
  await cluster.close();
  await rm(files, { recursive: true });
});
beforeEach(() => {
  cluster.api.clearFaults();
  cluster.api.clearRequests();
});

function run(parameters: Record<string, unknown>, fields: Record<string, unknown> = {}, more = {}) {
  return runActionner(script, {
    event: alertAbout('cart-0', fields),
    parameters,
    clients: { kubernetes: cluster.client },
    ...more,
  });
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(files, name);
  await writeFile(path, content);
  return path;
}

testActionner(script, {
  events: () => [
    alertAbout('cart-0'),
    auditEvent({
      fields: { 'ka.target.resource': 'pods', 'ka.target.name': 'cart-0', 'ka.target.namespace': 'shop' },
    }),
  ],
  clients: () => ({ kubernetes: cluster.client }),
  prepare: () => cluster.api.clearRequests(),
  snapshot: () => cluster.api.requests.filter(({ path }) => path.endsWith('/exec')).length,
  hang: () => hanging(cluster.api),
});

describe.each(fakeShells)('with %s, a script', (shell) => {
  let remove: () => void;
  beforeAll(() => {
    // Nothing but the shell: no cat, no tee, no env.
    remove = cluster.api.onExec({}, realPrograms({ shell, programs: [] }));
  });
  afterAll(() => remove());

  it('needs no program and writes nothing', async () => {
    const lines = ['set -eu', 'say() {', '  echo "$1: $PROC_NAME"', '}', 'for n in 1 2; do', '  say "$n"', 'done'];
    const outcome = await run({ script: lines.join('\n') }, { 'proc.name': '$(: > pwned)\n' });
    expect(outcome.output).toBe('1: $(: > pwned)\n\n2: $(: > pwned)\n\n');
    expect(await readdir(cluster.api.containerFolder('shop', 'cart-0', 'main'))).toEqual([]);
  });

  it('of a megabyte runs', async () => {
    const outcome = await run({ script: `# ${'y'.repeat(1024 * 1024 - 20)}\necho done\n` });
    expect(outcome.output).toBe('done\n');
  });

  it('cannot read the rest of itself', async () => {
    const outcome = await run({ script: 'while read -r line; do echo "<$line>"; done\necho end' });
    expect(outcome.output).toBe('end\n');
  });

  it('with the line ends of DOS runs', async () => {
    expect((await run({ script: 'if true; then\r\n  echo yes\r\nfi\r\n' })).output).toBe('yes\n');
  });
});

describe('a script from a file', () => {
  it('runs as it is at that moment, its own tokens in either spelling', async () => {
    const path = await file('a.sh', '#!/bin/sh\necho "${FALCO-TALON_RULE} ${FALCO_TALON_ACTIONNER:-none} $1"');
    expect((await run({ file: path })).output).toBe('Test rule none \n');
    await file('a.sh', 'echo changed; exit 4');
    expect((await run({ file: path })).message).toContain('exit code 4');
  });

  it('may have a byte order mark, the line ends of DOS and any encoding', async () => {
    const bytes = Buffer.concat([
      Buffer.from('\ufeffif true; then\r\n  v="gr'),
      Buffer.of(0xfc),
      Buffer.from('n"; echo ${#v}\r\nfi\r\n'),
    ]);
    const outcome = await run({ file: await file('b.sh', bytes) });
    expect(outcome.output).toMatch(/^[45]\n$/);
  });

  it.each([
    ['missing.sh', 'cannot be read where Falco Talon runs: ENOENT'],
    ['folder', 'is no regular file'],
    ['pipe', 'is no regular file'],
    ['nul.sh', 'holds NUL'],
  ])('%s is a failure before the pod is asked for anything', async (name, problem) => {
    await mkdir(join(files, 'folder'), { recursive: true });
    await rm(join(files, 'pipe'), { force: true });
    execFileSync('mkfifo', [join(files, 'pipe')]);
    await file('nul.sh', 'echo a\0b');
    for (const more of [{}, { dryRun: true }]) {
      const outcome = await run({ file: join(files, name) }, { 'container.id': 'ab'.repeat(6) }, more);
      expect(outcome.error?.code).toBe('invalid_value');
      expect(outcome.message).toContain(join(files, name));
      expect(outcome.message).toContain(problem);
    }
    expect(cluster.calls()).toEqual([]);
  });

  it('has at most a megabyte', async () => {
    expect((await run({ file: await file('big.sh', `#${'y'.repeat(1024 * 1024)}`) })).error?.code).toBe('too_large');
    expect((await run({ file: await file('fits.sh', `#${'y'.repeat(1024 * 1024 - 1)}`) })).status).toBe('success');
  });

  it('is named in a dry run', async () => {
    const path = await file('c.sh', 'echo c');
    const outcome = await run({ file: path }, {}, { dryRun: true });
    expect(outcome.message).toBe(
      `would run the script of file ${JSON.stringify(path)} (6 bytes) with /bin/sh in pod shop/cart-0`,
    );
  });
});

it.each([
  [{}, 'needs either script or file'],
  [{ script: 'true', file: '/a.sh' }, 'give only one'],
  [{ script: '' }, 'script'],
  [{ script: 'a\0b' }, 'holds NUL'],
  [{ file: '' }, 'file'],
  [{ file: 'a\0b' }, 'holds NUL'],
])('no rule may say %j', async (parameters, problem) => {
  await expect(run(parameters)).rejects.toThrow(problem);
});
