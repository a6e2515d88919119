import { gzipSync } from 'node:zlib';
import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import { containerId, namespace, node, pod } from '@falco-talon/fake-kubernetes';
import { auditEvent, runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AT_ONCE, connectFrom, startCaptures, UNTIL_STOPPED, type CaptureCluster } from '../../spec/captures.ts';
import { alertAbout, hanging, writes } from '../../spec/cluster.ts';
import { sysdig } from './sysdig.ts';

/** The head of a scap file, compressed as sysdig writes it. */
const CAPTURE = gzipSync(Buffer.from('0a0d0d0a1c0000004d3c2b1a', 'hex'));
const JOBS = '/apis/batch/v1/namespaces/talon/jobs';
const step = { id: 'event/rule/action/0' };
let cluster: CaptureCluster;
let client: Kubernetes;

beforeAll(async () => {
  cluster = await startCaptures(CAPTURE, {
    objects: [
      node({ name: 'node-1' }),
      namespace('talon'),
      namespace('strict', { 'pod-security.kubernetes.io/enforce': 'restricted' }),
    ],
  });
  client = await connectFrom('talon', cluster);
});
afterAll(async () => {
  await kubernetes.close?.(client);
  await cluster.close();
});
beforeEach(async () => {
  cluster.api.clearFaults();
  for (const { metadata } of cluster.api.objects('pods', 'shop')) cluster.api.remove('pods', 'shop', metadata.name);
  cluster.api.create(
    pod({ name: 'cart-0', namespace: 'shop', containers: ['main', 'proxy'] }),
    pod({ name: 'young', namespace: 'shop', phase: 'Pending' }),
    pod({ name: 'windows', namespace: 'shop', spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }),
  );
  await cluster.tool('sysdig', AT_ONCE);
  cluster.api.clearRequests();
});
const jobs = () => cluster.api.objects('jobs', 'talon');
const pods = () => cluster.api.objects('pods', 'talon');
/** Whatever became of a capture, nothing of it is left. */
afterEach(async () => {
  cluster.api.clearFaults();
  await cluster.api.until(() => jobs().length === 0 && pods().length === 0);
  await cluster.idle();
});

const run = (name = 'cart-0', parameters: Record<string, unknown> = {}, more: object = {}) =>
  runActionner(sysdig, { event: alertAbout(name), parameters, clients: { kubernetes: client }, step, ...more });
const idOf = (container: string) => containerId('shop', 'cart-0', container).replace('containerd://', '').slice(0, 12);
const requests = () => cluster.api.requests.map(({ method, path }) => `${method} ${path}`);
/** The Job as it is sent. */
const sent = () =>
  cluster.api.requests.find(({ method }) => method === 'POST')?.body as Readonly<Record<string, unknown>>;

testActionner(sysdig, {
  events: () => [
    alertAbout('cart-0'),
    auditEvent({
      fields: { 'ka.target.resource': 'pods', 'ka.target.name': 'cart-0', 'ka.target.namespace': 'shop' },
    }),
  ],
  clients: () => ({ kubernetes: client }),
  prepare: () => cluster.api.clearRequests(),
  snapshot: () => writes(cluster.api),
  hang: () => hanging(cluster.api),
});

describe('a capture', () => {
  it('of a pod is filtered by the ids of its containers, whatever the runtime', async () => {
    const outcome = await run('cart-0', { duration: 7, buffer_size: 512 });
    expect(outcome).toMatchObject({
      status: 'success',
      objects: { pod: 'cart-0', namespace: 'shop', node: 'node-1', job: expect.stringMatching(/^falco-talon-sysdig-/) },
      output: '2 packets captured',
    });
    expect(outcome.message).toMatch(/^kept \d+ bytes of the system calls of pod shop\/cart-0, captured for 7 s/);
    const [artifact] = outcome.artifacts;
    expect(artifact).toMatchObject({ name: 'sysdig.scap.gz', mediaType: 'application/gzip', truncated: false });
    expect(Buffer.from(artifact!.body)).toEqual(CAPTURE);
    expect(await cluster.words()).toEqual([
      ...'--modern-bpf -q -z -s 512 -M 7 -w -'.split(' '),
      `container.id in (${idOf('main')}, ${idOf('proxy')})`,
    ]);
  });

  it('costs the pod, the Job, a watch, an exec and the deletion', async () => {
    await run();
    const name = /[^/]+$/.exec(requests().at(-1)!)?.[0];
    expect(requests()).toEqual([
      'GET /api/v1/namespaces/shop/pods/cart-0',
      `POST ${JOBS}`,
      'GET /api/v1/namespaces/talon/pods',
      expect.stringMatching(/^GET \/api\/v1\/namespaces\/talon\/pods\/falco-talon-sysdig-[-a-z0-9]+\/exec$/),
      `DELETE ${JOBS}/${name}`,
    ]);
    expect(cluster.api.requests.at(-1)!.body).toMatchObject({
      propagationPolicy: 'Background',
      preconditions: { uid: expect.stringMatching(/^[-0-9a-f]{36}$/) },
    });
  });

  it('of a node has no filter', async () => {
    const { message } = await run('cart-0', { scope: 'node' });
    expect(message).toContain('the system calls of node node-1 of pod shop/cart-0');
    expect(await cluster.words()).toEqual('--modern-bpf -q -z -s 2048 -M 5 -w -'.split(' '));
  });

  it('runs on the node of the pod whatever its taints, with no more privilege than sysdig needs, and not for ever', async () => {
    await run();
    expect(sent()).toMatchObject({
      metadata: {
        namespace: 'talon',
        labels: { 'app.kubernetes.io/managed-by': 'falco-talon' },
        annotations: { 'falco-talon.org/rule': expect.any(String), 'falco-talon.org/trace-id': expect.any(String) },
      },
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: 65,
        ttlSecondsAfterFinished: 60,
        template: {
          spec: {
            nodeName: 'node-1',
            tolerations: [{ operator: 'Exists' }],
            restartPolicy: 'Never',
            automountServiceAccountToken: false,
            containers: [
              {
                imagePullPolicy: 'IfNotPresent',
                securityContext: {
                  privileged: false,
                  allowPrivilegeEscalation: false,
                  capabilities: { drop: ['ALL'], add: ['BPF', 'PERFMON', 'SYS_PTRACE', 'SYS_RESOURCE'] },
                },
              },
            ],
          },
        },
      },
    });
  });

  it('is cut at the size limit, where sysdig is ended', async () => {
    await cluster.tool('sysdig', 'while cat "$CAPTURE"; do :; done');
    const { status, message, artifacts } = await run('cart-0', {}, { artifactLimit: 1000 });
    expect([status, artifacts[0]?.bytes, artifacts[0]?.truncated]).toEqual(['success', 1000, true]);
    expect(message).toContain('; cut at the size limit after ');
  });

  it('whose pod is taken away is kept as far as it came, and says so', async () => {
    await cluster.tool('sysdig', 'cat "$CAPTURE"; sleep 0.2; kill -s KILL -- 0');
    const { status, message, artifacts } = await run();
    expect([status, artifacts[0]?.truncated]).toEqual(['success', true]);
    expect(message).toContain('; cut short after ');
  });

  it('tells in a dry run what it would do', async () => {
    expect(await run('cart-0', { image: 'mine:1' }, { dryRun: true })).toMatchObject({
      message: 'would capture the system calls of pod shop/cart-0 for 5 s, with a Job of the image mine:1',
    });
  });
});

describe('a repeat', () => {
  it('takes the Job of the attempt before away first', async () => {
    const abort = new AbortController();
    cluster.api.fault({ kind: 'hang', match: { method: 'DELETE' } });
    cluster.api.fault({ kind: 'lost-answer', match: { method: 'POST' } });
    expect(await run('cart-0', {}, { signal: abort.signal })).toMatchObject({ error: { code: 'outcome_unknown' } });
    cluster.api.clearFaults();
    const [left] = jobs();
    expect(left?.metadata.name).toMatch(/^falco-talon-sysdig-[0-9a-f]{12}$/);
    expect((await run()).objects['job']).toBe(`${left?.metadata.name}-2`);
  });

  it('leaves a Job of the name alone that is not its own', async () => {
    const name = (await run()).objects['job']!;
    const spec = { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [] } } };
    cluster.api.create({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'talon' }, spec });
    const { error, message } = await run();
    expect([error?.code, jobs().length]).toEqual(['conflict', 1]);
    expect(message).toContain(`the Job talon/${name} exists and is not Falco Talon's`);
    cluster.api.remove('jobs', 'talon', name);
  });
});

describe('no capture', () => {
  it.each([
    ['young', 'unavailable', 'pod shop/young does not run yet (Pending)'],
    ['windows', 'unsupported', 'pod shop/windows is a Windows pod: captures need Linux'],
    ['nowhere', 'target_gone', 'cannot get pods shop/nowhere: pods "nowhere" not found'],
  ])('of the pod %s: %s', async (name, code, message) => {
    expect(await run(name)).toMatchObject({ message, error: { code } });
    expect(writes(cluster.api)).toBe(0);
  });

  it('when nobody knows where: the failure names the setting', async () => {
    const { error, message } = await run('cart-0', {}, { clients: { kubernetes: cluster.client } });
    expect(error?.code).toBe('invalid_config');
    expect(message).toContain('set namespace in config.yaml');
    expect(writes(cluster.api)).toBe(0);
  });

  it('where Pod Security forbids it: what the controller was told, and what to do', async () => {
    const strict = await connectFrom('strict', cluster);
    try {
      const { error, message } = await run('cart-0', {}, { clients: { kubernetes: strict } });
      expect(error).toMatchObject({ code: 'forbidden', retryable: false });
      expect(message).toMatch(
        /^Pod Security refuses the capture pod: namespace strict enforces the level restricted \(latest\), which it breaks by: .*; captures need the level privileged: label the namespace pod-security.kubernetes.io\/enforce=privileged/,
      );
      expect(cluster.api.objects('jobs', 'strict')).toEqual([]);
    } finally {
      await kubernetes.close?.(strict);
    }
  });

  it('without the image', async () => {
    cluster.api.missingImage('absent:1');
    const { error, message } = await run('cart-0', { image: 'absent:1' });
    expect(error).toMatchObject({ code: 'unavailable', retryable: false });
    expect(message).toContain('cannot be started (ImagePullBackOff): ');
  });

  it('when sysdig fails: in its own words', async () => {
    await cluster.tool('sysdig', 'echo "Initialization issues during scap_init: bpf probe" >&2; exit 1');
    const { error, message } = await run();
    expect(error).toMatchObject({ code: 'unsupported', retryable: false });
    expect(message).toContain(
      '(exit code 1): Initialization issues during scap_init: bpf probe; the node needs a kernel',
    );
  });

  it.each([
    [403, 'forbidden'],
    [422, 'rejected'],
    [500, 'unavailable'],
  ])('when the Job is answered with %i', async (status, code) => {
    cluster.api.fault({ kind: 'status', status, match: { method: 'POST' } });
    expect((await run()).error?.code).toBe(code);
    expect(jobs()).toEqual([]);
  });
});

describe('what is left', () => {
  it.each(['watch', 'exec'])('is nothing after an abort during %s', async (phase) => {
    await cluster.tool('sysdig', UNTIL_STOPPED);
    const during = ({ subresource, verb }: { subresource: string; verb: string }) =>
      phase === 'watch' ? verb === 'watch' : subresource === phase;
    const abort = new AbortController();
    if (phase === 'watch') cluster.api.fault({ kind: 'hang', match: during });
    const outcome = run('cart-0', {}, { signal: abort.signal });
    await cluster.api.waitForRequest(during);
    if (phase === 'exec') await cluster.begun();
    abort.abort();
    expect(await outcome).toMatchObject({ status: 'failure', error: { code: 'aborted' } });
    await cluster.api.until(() => jobs().length === 0);
  });

  it.each([
    { kind: 'reset' },
    { kind: 'lost-answer' },
    { kind: 'status', status: 503 },
    { kind: 'status', status: 429, retryAfter: 6 },
  ] as const)('is nothing when the first try to take it away meets $kind', async (fault) => {
    cluster.api.fault({ ...fault, times: 1, match: { method: 'DELETE' } });
    const { status, message } = await run();
    expect(status).toBe('success');
    expect(message).not.toContain('could not be deleted');
    expect(jobs()).toEqual([]);
  });

  it('is said when it cannot be taken away, after a success and after a failure', async () => {
    cluster.api.fault({ kind: 'status', status: 403, match: { method: 'DELETE' } });
    const { status, message } = await run();
    expect(status).toBe('success');
    expect(message).toMatch(
      /; the Job talon\/falco-talon-sysdig-\w+ could not be deleted and goes by itself in some minutes: /,
    );
    await cluster.tool('sysdig', 'exit 1');
    const failed = await run('cart-0', {}, { step: { id: 'another' } });
    expect(failed).toMatchObject({ status: 'failure', error: { code: 'unsupported' } });
    expect(failed.message).toMatch(/could not be deleted/);
    cluster.api.clearFaults();
    for (const { metadata } of jobs()) cluster.api.remove('jobs', 'talon', metadata.name);
  });

  it('goes by itself when nobody takes it away: the container ends with its capture, the Job with the container', async () => {
    cluster.api.fault({ kind: 'status', status: 403, match: { method: 'DELETE' } });
    await run();
    await cluster.api.until(() => JSON.stringify(jobs()[0]?.status ?? {}).includes('Complete'));
    expect(jobs()[0]?.spec?.['ttlSecondsAfterFinished']).toBe(60);
    for (const { metadata } of jobs()) cluster.api.remove('jobs', 'talon', metadata.name);
  });
});
