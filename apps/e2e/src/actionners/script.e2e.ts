import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { Pod } from '../cluster/resources.ts';
import { describeWithPods } from '../harness/describe-with-pods.ts';
import { startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

const actionner = 'kubernetes:script';

describeWithPods('kubernetes:script', () => {
  const cluster = useCluster('script');
  let pod: Pod;
  beforeAll(async () => {
    pod = await startPod(cluster, { name: 'cart' });
  });
  const run = (script: string, fields: Readonly<Record<string, unknown>> = {}) =>
    respond(cluster, { actionner, pod, fields, parameters: { script } });

  it('runs all its lines, whatever reads standard input', async () => {
    const { action } = await run('echo one\ncat\necho "two $PROC_NAME"\nread -r line\necho three\n', {
      'proc.name': '$(id)',
    });
    expect(action).toMatchObject({ status: 'success', output: 'one\ntwo $(id)\nthree\n' });
  });

  it('keeps what is its own: positions, status, functions, here-documents', async () => {
    const { action } = await run(
      'f() { echo "f $1"; }\nset -- a b\necho "$# $2 $?"\nf x\nwhile read -r line; do echo "<$line>"; done <<END\nhere\nEND\n',
    );
    expect(action).toMatchObject({ status: 'success', output: '2 b 0\nf x\n<here>\n' });
  });

  it('passes a long script', async () => {
    const lines = Array.from({ length: 5_000 }, (_, index) => `n=${index} # ${'x'.repeat(100)}`);
    const { action } = await run([...lines, 'echo "last $n"'].join('\n'));
    expect(action).toMatchObject({ status: 'success', output: 'last 4999\n' });
  });

  it('comes from a file', async () => {
    const file = join(cluster.run.folder, 'script.sh');
    await writeFile(file, '#!/bin/sh\nset -eu\necho "from a file in $(hostname)"\n');
    const { action } = await respond(cluster, { actionner, pod, parameters: { file } });
    expect(action).toMatchObject({ status: 'success', output: 'from a file in cart\n' });
  });

  it('leaves no file in the container', async () => {
    const listed = 'ls -a /tmp /root / 2>/dev/null | sort';
    const before = await run(listed);
    await run('echo hello');
    expect((await run(listed)).action.output).toBe(before.action.output);
  });

  it('fails with the exit code of the script', async () => {
    const { action } = await run('set -e\nfalse\necho never\n');
    expect(action.status).toBe('failure');
    expect(action.error).toContain('exit code 1');
  });
});
