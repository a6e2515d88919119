import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { describeWithPods } from '../harness/describe-with-pods.ts';
import { startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

const actionner = 'kubernetes:log';
const MAIN = `i=1; while [ $i -le 300 ]; do echo "line $i äöü"; i=$((i+1)); done`;

describeWithPods('kubernetes:log', () => {
  const cluster = useCluster('log');

  it('keeps the bytes of the lines asked for', async () => {
    const pod = await startPod(cluster, { name: 'cart', script: MAIN });
    const { action, output, artifact } = await respond(cluster, {
      actionner,
      parameters: { tail_lines: 200 },
      pod,
      keep: true,
    });
    expect(action.status).toBe('success');
    const lines = Array.from({ length: 200 }, (_, index) => `line ${index + 101} äöü\n`);
    expect(artifact?.toString()).toBe(lines.join(''));
    expect(output).toMatchObject({ status: 'success', objects: { sha256: sha256(artifact!) } });
  });

  it('puts the log into the record when there is no output', async () => {
    const pod = await startPod(cluster, { name: 'short', script: 'echo hello; echo error >&2' });
    const { action } = await respond(cluster, { actionner, pod });
    expect(action.status).toBe('success');
    expect(action.output?.split('\n').toSorted()).toEqual(['', 'error', 'hello']);
  });

  it('reads the container of the alert, and the default one when it names none', async () => {
    const side = {
      name: 'side',
      image: cluster.run.images.shell,
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', 'echo from side; exec sleep 86400'],
    };
    const pod = await startPod(cluster, { name: 'two', script: 'echo from main', others: [side] });
    const named = await respond(cluster, { actionner, pod, container: 'side' });
    expect(named.action.output).toBe('from side\n');
    const unnamed = await respond(cluster, { actionner, pod, fields: { 'container.id': undefined } });
    expect(unnamed.action.output).toBe('from main\n');
    const given = await respond(cluster, { actionner, pod, parameters: { container: 'side' } });
    expect(given.action.output).toBe('from side\n');
  });

  it.each(['get pods/log', 'get pods'])('names the right to %s when it is missing', async (without) => {
    const pod = await startPod(cluster, { name: without.replace(/\W/g, '-') });
    const { action } = await respond(cluster, { actionner, pod, without });
    expect(action.status).toBe('failure');
    expect(action.error).toContain(`not allowed to ${without}`);
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
