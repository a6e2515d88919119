import { PODS } from '@falco-talon/client-kubernetes';
import { beforeAll, expect, it } from 'vitest';
import type { Pod } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import { describeWithPods } from '../harness/describe-with-pods.ts';
import { logOf, podSpec, startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

const actionner = 'kubernetes:exec';
/** What an attacker may call a process. */
const HOSTILE = `$(touch /tmp/owned); \`touch /tmp/owned\` '"\n; touch /tmp/owned #\\`;

describeWithPods('kubernetes:exec', () => {
  const cluster = useCluster('exec');
  let pod: Pod;
  beforeAll(async () => {
    pod = await startPod(cluster, { name: 'cart' });
  });
  const run = (command: string, more: Partial<Parameters<typeof respond>[1]> = {}) =>
    respond(cluster, { actionner, pod, ...more, parameters: { command, ...more.parameters } });

  it('reports what the command said, and its exit code', async () => {
    const { action } = await run('echo out; echo err >&2');
    expect(action).toMatchObject({ status: 'success', objects: { pod: 'cart', exit_code: '0' } });
    expect(action.output).toContain('out\n');
    expect(action.output).toContain('err\n');
  });

  it('fails with the exit code of the command', async () => {
    const { action } = await run('echo why >&2; exit 3');
    expect(action.status).toBe('failure');
    expect(action.error).toMatch(/exit code 3.*why/);
  });

  it('hands over what the alert says as values, never as text of the command', async () => {
    const { action } = await run('printf "<%s>" "$PROC_NAME"; ls /tmp/owned 2>/dev/null || :', {
      fields: { 'proc.name': HOSTILE },
    });
    expect(action).toMatchObject({ status: 'success', output: `<${HOSTILE}>` });
  });

  it('hands over values of 64 KiB', async () => {
    const value = `"'$\n`.repeat(16_384);
    const { action } = await run('printf %s "$PROC_CMDLINE" | sha256sum; printf %s "$PROC_CMDLINE" | wc -c', {
      fields: { 'proc.cmdline': value },
    });
    expect(action.output).toContain('65536');
  });

  it('ends the process in the container at its time limit', async () => {
    const { action } = await run('echo begun; exec sleep 4242', { parameters: { timeout: 2 } });
    expect(action.status).toBe('failure');
    expect(action.error).toMatch(/longer than 2 s/);
    await until('the process is gone', async () => {
      const left = await run(`cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'slee[p] 4242' || :`);
      return left.action.output?.trim() === '0';
    });
  });

  it('works where nothing can be written and nobody is root', async () => {
    const confined = await startPod(cluster, {
      name: 'confined',
      container: {
        securityContext: {
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          runAsUser: 65_534,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
      },
    });
    const { action } = await run('id -u', { pod: confined });
    expect(action).toMatchObject({ status: 'success', output: '65534\n' });
  });

  it('finds the container of the alert by its id, also one that prepares the pod', async () => {
    const {
      client,
      namespace,
      signal,
      run: { images },
    } = cluster;
    const container = { name: 'first', image: images.shell, imagePullPolicy: 'IfNotPresent' };
    const spec = podSpec(cluster, {
      spec: { initContainers: [{ ...container, command: ['sh', '-c', 'exec sleep 86400'] }] },
    });
    await client.create(PODS, { metadata: { name: 'preparing' }, spec }, { namespace, signal });
    const [preparing, id] = await until('the first container runs', async () => {
      const found = await client.get<Pod>(PODS, { namespace, name: 'preparing' }, { signal: cluster.signal });
      const [status] = found.status?.initContainerStatuses ?? [];
      return status?.state?.['running'] !== undefined && ([found, status.containerID!] as const);
    });
    const fields = { 'container.id': id.replace(/^.*:\/\//, '').slice(0, 12) };
    const { action } = await run('echo prepared', { pod: preparing, fields });
    expect(action).toMatchObject({ status: 'success', output: 'prepared\n', objects: { container: 'first' } });
  });

  it('names the shell that is not there', async () => {
    const { action } = await run('echo hello', { parameters: { shell: '/no/such/shell' } });
    expect(action.status).toBe('failure');
    expect(action.error).toContain('/no/such/shell');
  });

  it('is one failure when the container has ended', async () => {
    const ended = await startPod(cluster, {
      name: 'restarting',
      container: { command: ['sh', '-c', 'until [ -e /tmp/end ]; do sleep 0.2; done; echo over; exit 1'] },
      spec: { restartPolicy: 'Never' },
    });
    expect((await run('touch /tmp/end', { pod: ended })).action.status).toBe('success');
    await until('it has ended', async () => (await logOf(cluster, ended)).includes('over'));
    await until('the kubelet has noticed', async () => {
      const { action } = await run('echo hello', { pod: ended });
      if (action.status === 'success') return false;
      expect(action.error).toMatch(/not running|exit code/);
      return true;
    });
  });

  it.each(['get pods/exec', 'create pods/exec', 'get pods'])(
    'names the right to %s when it is missing',
    async (without) => {
      const { action } = await run('echo hello', { without });
      expect(action.status).toBe('failure');
      expect(action.error).toContain(`not allowed to ${without}`);
    },
  );
});
