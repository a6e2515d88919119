import { beforeAll, expect, it } from 'vitest';
import type { Pod } from '../cluster/resources.ts';
import { describeWithPods } from '../harness/describe-with-pods.ts';
import { findPod, startPod } from '../harness/pods.ts';
import { readCapture } from '../harness/read-capture.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

const actionner = 'kubernetes:tcpdump';
/** The kubelet knocks every second, at a port nobody listens on. */
const KNOCKING = { tcpSocket: { port: 9 }, periodSeconds: 1, failureThreshold: 1_000_000 };
const RESTRICTED = { 'pod-security.kubernetes.io/enforce': 'restricted' };

describeWithPods('kubernetes:tcpdump', () => {
  const cluster = useCluster('tcpdump');
  let pod: Pod;
  beforeAll(async () => {
    pod = await startPod(cluster, { name: 'cart', container: { livenessProbe: KNOCKING } });
  });
  const parameters = () => ({ duration: 3, snaplen: 96, image: cluster.run.images.tcpdump });

  it('captures the traffic of the pod', async () => {
    const { action, artifact } = await respond(cluster, { actionner, pod, parameters: parameters(), keep: true });
    expect(action).toMatchObject({ status: 'success' });
    const capture = readCapture(artifact!);
    expect(capture.snapLength).toBe(96);
    expect(capture.packets).toBeGreaterThan(2);
    expect(capture.rest).toBe(0);
    const now = await findPod(cluster, { namespace: cluster.namespace, name: 'cart' });
    // It is one container more, that ends by itself; the pod runs on.
    expect(now?.status?.ephemeralContainerStatuses).toHaveLength(1);
    expect(now?.metadata.uid).toBe(pod.metadata.uid);
  });

  it('says that Pod Security refuses it', async () => {
    const namespace = await cluster.addNamespace('restricted', RESTRICTED);
    const confined = await startPod(cluster, { name: 'confined', namespace, ...restricted() });
    const { action } = await respond(cluster, { actionner, pod: confined, parameters: parameters(), keep: true });
    expect(action.status).toBe('failure');
    expect(action.error).toMatch(/Pod Security/);
    expect(action.error).toContain('restricted');
  });

  it.each(['get pods', 'patch pods/ephemeralcontainers', 'watch pods', 'get pods/exec', 'create pods/exec'])(
    'names the right to %s when it is missing',
    async (without) => {
      const name = without.replace(/\W/g, '-');
      const own = await startPod(cluster, { name });
      const { action } = await respond(cluster, { actionner, pod: own, parameters: parameters(), keep: true, without });
      expect(action.status).toBe('failure');
      expect(action.error).toContain(`not allowed to ${without}`);
    },
  );
});

/** A pod that the strictest standard lets in. */
function restricted() {
  return {
    container: { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
    spec: { securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: 'RuntimeDefault' } } },
  };
}
