import { createHash } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import type { Pod } from '../cluster/resources.ts';
import { describeWithPods } from '../harness/describe-with-pods.ts';
import { logOf, startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

const actionner = 'kubernetes:download';
/** Makes the files, and tells in the log what is in them. */
const FILES = `
mkdir -p '/data/a b'
dd if=/dev/urandom of=/data/big bs=65536 count=160 2>/dev/null
: > /data/empty
echo hostile > '/data/a b/$(touch owned)'
echo secret > '/data/-n'
cd /data && sha256sum big`;

describeWithPods('kubernetes:download', () => {
  const cluster = useCluster('download');
  let pod: Pod;
  beforeAll(async () => {
    pod = await startPod(cluster, { name: 'cart', script: FILES });
  });
  const download = (file: string, more: Partial<Parameters<typeof respond>[1]> = {}) =>
    respond(cluster, { actionner, pod, parameters: { file }, keep: true, ...more });

  it('keeps a file byte-exact', async () => {
    const { action, output, artifact } = await download('/data/big');
    expect(action.status).toBe('success');
    const [sum] = (await logOf(cluster, pod)).split(' ');
    expect(artifact).toHaveLength(160 * 65536);
    expect(createHash('sha256').update(artifact!).digest('hex')).toBe(sum);
    expect(output).toMatchObject({ status: 'success', objects: { sha256: sum } });
  });

  it('keeps an empty file', async () => {
    const { action, artifact } = await download('/data/empty');
    expect(action.status).toBe('success');
    expect(artifact).toHaveLength(0);
  });

  it('takes the name from the alert, whatever is in it', async () => {
    const { action, output, artifact } = await download('${FD_NAME}', {
      fields: { 'fd.name': '/data/a b/$(touch owned)' },
    });
    expect(action.status).toBe('success');
    expect(artifact?.toString()).toBe('hostile\n');
    expect(output?.objects?.['file']).not.toContain('/a b/');
  });

  it('finds a file whose name begins like an option', async () => {
    const { action, artifact } = await download('/data/-n');
    expect(action.status).toBe('success');
    expect(artifact?.toString()).toBe('secret\n');
  });

  it.each([
    ['/data/never-was', /never-was|no such file/i],
    ['/data', /folder|directory/i],
  ])('says what is wrong with %s', async (file, problem) => {
    const { action, artifact } = await download(file);
    expect(action.status).toBe('failure');
    expect(action.error).toMatch(problem);
    expect(artifact).toBeUndefined();
  });

  it.each(['get pods/exec', 'create pods/exec'])('names the right to %s when it is missing', async (without) => {
    const { action } = await download('/data/empty', { without });
    expect(action.status).toBe('failure');
    expect(action.error).toContain(`not allowed to ${without}`);
  });
});
