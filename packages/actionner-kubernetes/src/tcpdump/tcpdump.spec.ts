import { containerId, namespace, node, pod } from '@falco-talon/fake-kubernetes';
import { runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AT_ONCE, startCaptures, UNTIL_STOPPED, type CaptureCluster } from '../../spec/captures.ts';
import { alertAbout, hanging, writes } from '../../spec/cluster.ts';
import { pcap } from '../../spec/pcap.ts';
import { tcpdump } from './tcpdump.ts';

const CAPTURE = pcap([Buffer.from([0, 255, 10, 13, 0, 128]), Buffer.alloc(300, 7)]);
let cluster: CaptureCluster;

beforeAll(async () => {
  cluster = await startCaptures(CAPTURE, {
    objects: [
      node({ name: 'node-1' }),
      namespace('strict', { 'pod-security.kubernetes.io/enforce': 'baseline' }),
      pod({ name: 'cart-0', namespace: 'strict' }),
    ],
  });
});
afterAll(() => cluster.close());
beforeEach(async () => {
  cluster.api.clearFaults();
  for (const { metadata } of cluster.api.objects('pods', 'shop')) cluster.api.remove('pods', 'shop', metadata.name);
  cluster.api.create(
    pod({ name: 'cart-0', namespace: 'shop', containers: ['proxy', 'main'] }),
    pod({ name: 'ended', namespace: 'shop', phase: 'Succeeded' }),
    pod({ name: 'coming', namespace: 'shop', phase: 'Pending' }),
    pod({ name: 'static', namespace: 'shop', annotations: { 'kubernetes.io/config.mirror': 'x' } }),
    pod({ name: 'windows', namespace: 'shop', spec: { os: { name: 'windows' } } }),
    pod({ name: 'selected', namespace: 'shop', spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }),
    pod({ name: 'host', namespace: 'shop', spec: { hostNetwork: true } }),
  );
  await cluster.tool('tcpdump', AT_ONCE);
  cluster.api.clearRequests();
});
/** Whatever became of a capture, nothing of it runs on. */
afterEach(async () => {
  for (const { metadata } of cluster.api.objects('pods', 'shop')) cluster.api.remove('pods', 'shop', metadata.name);
  await cluster.idle();
});

interface Ephemeral {
  readonly name: string;
  readonly [field: string]: unknown;
}
const added = (name = 'cart-0', where = 'shop') =>
  (cluster.api.get('pods', where, name)?.spec?.['ephemeralContainers'] ?? []) as unknown as readonly Ephemeral[];
const states = (name = 'cart-0') => {
  const all = (cluster.api.get('pods', 'shop', name)?.status?.['ephemeralContainerStatuses'] ?? []) as unknown as {
    readonly name: string;
    readonly state: Readonly<Record<string, { readonly exitCode?: number }>>;
  }[];
  return Object.fromEntries(all.map(({ name: container, state }) => [container, Object.keys(state)[0]]));
};
const run = (name = 'cart-0', parameters: Record<string, unknown> = {}, more: object = {}) =>
  runActionner(tcpdump, {
    event: alertAbout(name),
    parameters,
    clients: { kubernetes: cluster.client },
    ...more,
  });
const requests = () => cluster.api.requests.map(({ method, path }) => `${method} ${path}`);

testActionner(tcpdump, {
  events: () => [alertAbout('cart-0')],
  clients: () => ({ kubernetes: cluster.client }),
  prepare: () => {
    cluster.api.remove('pods', 'shop', 'cart-0');
    cluster.api.create(pod({ name: 'cart-0', namespace: 'shop', containers: ['proxy', 'main'] }));
    cluster.api.clearRequests();
  },
  snapshot: () => writes(cluster.api),
  hang: () => hanging(cluster.api),
});

describe('a capture', () => {
  it('takes as long as it was told, comes out byte by byte, and costs two calls, a watch and an exec', async () => {
    await cluster.tool('tcpdump', UNTIL_STOPPED);
    const outcome = await run('cart-0', { duration: 1, snaplen: 96 });
    expect(outcome).toMatchObject({
      status: 'success',
      message: `kept ${CAPTURE.length} bytes of the traffic of pod shop/cart-0, captured for 1 s`,
      objects: { pod: 'cart-0', namespace: 'shop', container: added()[0]?.name },
      output: expect.stringContaining('stopped'),
    });
    const [artifact] = outcome.artifacts;
    expect(artifact).toMatchObject({
      name: 'tcpdump.pcap',
      mediaType: 'application/vnd.tcpdump.pcap',
      truncated: false,
    });
    expect(Buffer.from(artifact!.body)).toEqual(CAPTURE);
    expect(await cluster.words()).toEqual('-Z root -i any -n -U -s 96 -w -'.split(' '));
    expect(requests()).toEqual([
      'GET /api/v1/namespaces/shop/pods/cart-0',
      'PATCH /api/v1/namespaces/shop/pods/cart-0/ephemeralcontainers',
      'GET /api/v1/namespaces/shop/pods',
      'GET /api/v1/namespaces/shop/pods/cart-0/exec',
    ]);
  });

  it('asks for no more privilege than tcpdump needs, in a container that ends by itself', async () => {
    await run('cart-0', {}, { event: alertAbout('cart-0', { 'container.id': idOf('main') }) });
    const [container] = added();
    expect(container).toMatchObject({
      name: expect.stringMatching(/^falco-talon-tcpdump-[0-9a-f]{12}$/),
      image: 'docker.io/nicolaka/netshoot:v0.16',
      imagePullPolicy: 'IfNotPresent',
      targetContainerName: 'main',
      securityContext: {
        privileged: false,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW', 'SETGID'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    await cluster.api.until(() => states()[container!.name] === 'terminated');
  });

  it('of no packet at all is an empty one, and a success', async () => {
    await cluster.tool('tcpdump', 'head -c 24 "$CAPTURE"');
    const { status, artifacts } = await run();
    expect([status, artifacts[0]?.bytes]).toEqual(['success', 24]);
  });

  it('is cut at the size limit, where tcpdump is ended', async () => {
    await cluster.tool('tcpdump', 'while cat "$CAPTURE"; do :; done');
    const { status, message, artifacts } = await run('cart-0', {}, { artifactLimit: 1000 });
    expect([status, artifacts[0]?.bytes, artifacts[0]?.truncated]).toEqual(['success', 1000, true]);
    expect(message).toMatch(/; cut at the size limit after \d/);
    await cluster.api.until(() => Object.values(states()).every((state) => state === 'terminated'));
  });

  it('of a pod that goes away meanwhile is kept, and says so', async () => {
    await cluster.tool(
      'tcpdump',
      UNTIL_STOPPED.replace('cat "$CAPTURE"', 'cat "$CAPTURE"; sleep 0.2; kill -s KILL -- 0'),
    );
    const { status, message, artifacts } = await run('cart-0', { duration: 60 });
    expect([status, artifacts[0]?.bytes, artifacts[0]?.truncated]).toEqual(['success', CAPTURE.length, true]);
    expect(message).toMatch(/; cut short after 0\.\d of 60 s: /);
    expect(message).toMatch(/; the container ends by itself within 120 s$/);
  });

  it('says when it is of the whole node', async () => {
    expect((await run('host')).message).toContain(
      'of the traffic of pod shop/host, which uses the network of node node-1: that of the whole node, captured',
    );
  });

  it('tells in a dry run what it would do', async () => {
    const { status, message } = await run('cart-0', { image: 'mine:1' }, { dryRun: true });
    expect([status, message]).toEqual([
      'dry_run',
      'would capture the traffic of pod shop/cart-0 for 5 s, with an ephemeral container of the image mine:1',
    ]);
  });
});

const idOf = (container: string) => containerId('shop', 'cart-0', container).replace('containerd://', '').slice(0, 12);

describe('a repeat', () => {
  const step = { id: 'event/rule/action/0' };

  const isExec = ({ subresource }: { readonly subresource: string }) => subresource === 'exec';
  /** An attempt that has added its container and comes no further. */
  async function interrupted(): Promise<void> {
    const abort = new AbortController();
    cluster.api.fault({ kind: 'hang', match: isExec, times: 1 });
    const first = run('cart-0', {}, { signal: abort.signal, step });
    await cluster.api.waitForRequest(isExec);
    abort.abort();
    await first;
    cluster.api.clearRequests();
  }

  it('goes on with the container of the attempt before as long as that runs', async () => {
    await interrupted();
    expect((await run('cart-0', {}, { step })).status).toBe('success');
    expect(added()).toHaveLength(1);
  });

  it('for which that container ended a moment too soon may be tried again', async () => {
    await interrupted();
    const message = `container not found ("${added()[0]?.name}")`;
    cluster.api.fault({ kind: 'status', status: 500, message, match: isExec, times: 1 });
    const second = run('cart-0', {}, { step });
    expect((await second).error).toMatchObject({ code: 'unavailable', retryable: true });
  });

  it('takes another container when the first has ended, and gives up after a few', async () => {
    for (let count = 1; count <= 5; count++) {
      expect((await run('cart-0', {}, { step })).status).toBe('success');
      expect(added()).toHaveLength(count);
      await cluster.api.until(() => Object.values(states()).every((state) => state === 'terminated'));
    }
    expect(await run('cart-0', {}, { step })).toMatchObject({ error: { code: 'rejected', retryable: false } });
    expect(added()).toHaveLength(5);
  }, 30_000);

  it('is known by its step: another one has a container of its own', async () => {
    await run('cart-0', {}, { step });
    await run('cart-0', {}, { step: { id: 'another' } });
    const [second, first] = added().map(({ name }) => name);
    expect(second).not.toBe(first);
  });
});

describe('no capture', () => {
  it.each([
    ['ended', 'target_gone', 'pod shop/ended has ended (Succeeded): there is nothing left to capture'],
    ['coming', 'unavailable', 'pod shop/coming does not run yet (Pending)'],
    ['static', 'unsupported', 'pod shop/static is a static pod: it takes no ephemeral containers'],
    ['windows', 'unsupported', 'pod shop/windows is a Windows pod: captures need Linux'],
    ['selected', 'unsupported', 'pod shop/selected is a Windows pod: captures need Linux'],
    ['nowhere', 'target_gone', 'cannot get pods shop/nowhere: pods "nowhere" not found'],
  ])('of the pod %s: %s', async (name, code, message) => {
    expect(await run(name)).toMatchObject({ message, error: { code } });
    expect(writes(cluster.api)).toBe(0);
  });

  it('of a pod on its way out', async () => {
    cluster.api.change('pods', 'shop', 'cart-0', ({ metadata }) => {
      metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
      metadata.deletionGracePeriodSeconds = 0;
    });
    expect(await run()).toMatchObject({ error: { code: 'target_gone' } });
    expect(writes(cluster.api)).toBe(0);
  });

  it('where Pod Security forbids it: the failure says which level, where, and what to do', async () => {
    const event = alertAbout('cart-0', { 'k8s.ns.name': 'strict' });
    const { error, message } = await run('cart-0', {}, { event });
    expect(error).toMatchObject({ code: 'forbidden', retryable: false });
    expect(message).toMatch(
      /^Pod Security refuses the capture container: namespace strict enforces the level baseline \(latest\), which it breaks by: non-default capabilities \(container "falco-talon-tcpdump-\w+" must not include "NET_ADMIN", "NET_RAW" in securityContext.capabilities.add\); .* pod-security.kubernetes.io\/enforce=privileged/,
    );
  });

  it('without the image: at once, not after the time limit', async () => {
    cluster.api.missingImage('absent:1');
    const { error, message } = await run('cart-0', { image: 'absent:1' });
    expect(error).toMatchObject({ code: 'unavailable', retryable: false });
    expect(message).toMatch(/of pod shop\/cart-0 cannot be started \((?:ErrImagePull|ImagePullBackOff)\): .*absent:1/);
  });

  it('when tcpdump fails: in its own words, and the container ends', async () => {
    await cluster.tool('tcpdump', 'echo "tcpdump: any: You do not have permission" >&2; exit 1');
    const { error, message, artifacts } = await run();
    expect(error).toMatchObject({ code: 'unsupported', retryable: false });
    expect(message).toContain('(exit code 1): tcpdump: any: You do not have permission; ');
    expect(artifacts).toEqual([]);
    await cluster.api.until(() => Object.values(states())[0] === 'terminated');
  });

  it.each([
    [403, 'forbidden'],
    [409, 'conflict'],
    [422, 'rejected'],
    [500, 'unavailable'],
  ])('when adding the container is answered with %i', async (status, code) => {
    cluster.api.fault({ kind: 'status', status, match: { subresource: 'ephemeralcontainers' } });
    expect((await run()).error?.code).toBe(code);
    expect(added()).toEqual([]);
  });

  it('of a pod that goes away before the container is added', async () => {
    cluster.api.fault({ kind: 'vanish', match: { verb: 'get', resource: 'pods' } });
    expect(await run()).toMatchObject({ error: { code: 'target_gone' } });
  });

  it('of a pod that took the name meanwhile: it is said, and not captured', async () => {
    const facts = { uid: 'uid-0', node: 'node-1', host_network: false };
    const { error, message } = await run('cart-0', {}, { facts });
    expect(error?.code).toBe('target_gone');
    expect(message).toContain('re-created under the same name');
    expect(writes(cluster.api)).toBe(0);
  });
});

describe('a capture that is aborted', () => {
  it.each(['ephemeralcontainers', 'exec', 'watch'])('ends what it began: during %s', async (phase) => {
    await cluster.tool('tcpdump', UNTIL_STOPPED);
    const during = ({ subresource, verb }: { subresource: string; verb: string }) =>
      phase === 'watch' ? verb === 'watch' : subresource === phase;
    const abort = new AbortController();
    if (phase !== 'exec') cluster.api.fault({ kind: 'hang', match: during });
    const outcome = run('cart-0', { duration: 60 }, { signal: abort.signal });
    await cluster.api.waitForRequest(during);
    if (phase === 'exec') await cluster.begun();
    abort.abort();
    expect(await outcome).toMatchObject({ status: 'failure', error: { code: 'aborted' }, artifacts: [] });
    if (phase === 'exec') await cluster.api.until(() => Object.values(states())[0] === 'terminated');
  });
});
