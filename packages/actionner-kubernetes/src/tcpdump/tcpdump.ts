import {
  defineActionner,
  isTalonError,
  POD_FIELDS,
  podTarget,
  strictObject,
  TalonError,
  targetText,
  Type,
  type Static,
} from '@falco-talon/core';
import { FIELD_MANAGER, kubernetes, type Kubernetes, kubernetesFailure, PODS } from '@falco-talon/client-kubernetes';
import { awaitContainer, containerStatus, isRunning, type CapturePod } from '../capture/await-container.ts';
import { captureFailure, captureResult } from '../capture/capture-result.ts';
import { startCapture } from '../capture/capture-stream.ts';
import { longestLife } from '../capture/keeper.ts';
import { imageParameter } from '../capture/image-parameter.ts';
import { podSecurityFailure } from '../capture/pod-security.ts';
import { containerOfEvent, findContainer } from '../pod/container-of-event.ts';
import { containerNames, isMirrorPod, type Pod } from '../pod/pod.ts';
import { observedPod } from '../pod/capturable.ts';
import { readPod, recreated, type PodTarget } from '../pod/read-pod.ts';
import { AROUND_COMMAND } from '../remote/run-remote.ts';
import { captureContainers, tcpdumpCommand, type CaptureContainer } from './container.ts';
import { differences } from './differences.ts';
import { DEFAULT_IMAGE, examples } from './examples.ts';

/** Milliseconds from adding the container until it runs: most of it is for its image. */
const START = 30_000;
/** Milliseconds until tcpdump writes the head of the capture, which it does before the first packet. */
const FIRST_BYTES = 5_000;
const GRACE = 2_000;
/** Milliseconds for the calls around. */
const CALLS = 15_000;

const factsSchema = strictObject({
  /** As the API knows it. */
  uid: Type.String(),
  node: Type.String(),
  /** Whose processes the capture container may see; absent when it does not run. */
  container: Type.Optional(Type.String()),
  /** Then the traffic is that of the whole node. */
  host_network: Type.Boolean(),
});
type Facts = Static<typeof factsSchema>;

export const tcpdump = defineActionner({
  name: 'tcpdump',
  description: 'Captures the traffic of the pod with tcpdump, in an ephemeral container.',
  stability: 'beta',
  sources: ['syscall'],
  continue: true,
  output: 'required',
  parameters: strictObject({
    duration: Type.Integer({ minimum: 1, maximum: 600, default: 5, description: 'Seconds.' }),
    snaplen: Type.Integer({
      minimum: 0,
      maximum: 262_144,
      default: 4096,
      description: 'Bytes kept of each packet; 0 for whole packets.',
    }),
    image: imageParameter('tcpdump', DEFAULT_IMAGE),
  }),
  uses: { kubernetes },
  facts: factsSchema,
  requiredFields: POD_FIELDS,
  idempotent: false,
  permissions: [
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get', 'watch'] },
    { kind: 'kubernetes', apiGroup: '', resources: ['pods/ephemeralcontainers'], verbs: ['patch'] },
    // A WebSocket is opened by a GET, and asks for `create` too.
    { kind: 'kubernetes', apiGroup: '', resources: ['pods/exec'], verbs: ['create', 'get'] },
  ],
  examples,
  differences,

  target: ({ event }) => podTarget(event),

  timeLimit: ({ duration }) => CALLS + START + FIRST_BYTES + duration * 1000 + AROUND_COMMAND,

  async check({ event, reads, signal }) {
    const target = podTarget(event);
    const pod = await readPod(reads.kubernetes, target, signal);
    const { node } = observedPod(pod, target);
    if (isMirrorPod(pod)) {
      throw new TalonError('unsupported', `${targetText(target)} is a static pod: it takes no ephemeral containers`);
    }
    const container = findContainer(pod, containerOfEvent(event))?.container;
    const runs = container !== undefined && containerStatus(pod as CapturePod, container)?.state?.running !== undefined;
    return {
      facts: {
        uid: pod.metadata.uid,
        node,
        host_network: pod.spec?.hostNetwork === true,
        ...(runs ? { container } : {}),
      },
    };
  },

  async preview({ event, parameters: { duration, image }, facts }) {
    return `would capture ${trafficText(podTarget(event), facts)} for ${duration} s, with an ephemeral container of the image ${image}`;
  },

  /** Whether it was begun. The engine makes it again when its artifact is not there, as after a crash in the middle. */
  async settled({ event, parameters: { duration, image }, facts, step, reads, signal }) {
    const pod = await readPod(reads.kubernetes, podTarget(event), signal);
    const choices = captureContainers(step.id, { duration, image, target: facts.container });
    return choices.some(({ name }) => containerNames(pod).includes(name)) ? 'done' : 'again';
  },

  async run(context) {
    const { event, parameters, facts, step, reads, clients, signal } = context;
    const { duration, snaplen, image } = parameters;
    const target = podTarget(event);
    const place = { namespace: target.namespace, name: target.name };
    const pod = await readPod(reads.kubernetes, target, signal);
    if (pod.metadata.uid !== facts.uid) throw recreated(target, pod, facts.uid);
    const choices = captureContainers(step.id, { duration, image, target: facts.container });
    const container = unusedContainer(pod, choices, target);
    const isOld = containerNames(pod).includes(container.name);
    const what = `capture container ${container.name} of ${targetText(target)}`;
    const added = await addContainer(clients.kubernetes, target, container, facts, signal);
    // The container of an attempt before may run already: then nothing changes any more.
    if (!isRunning(added, container.name, what)) {
      const { resourceVersion } = added.metadata;
      await awaitContainer<CapturePod>(
        (watching) => clients.kubernetes.watch(PODS, { ...place, resourceVersion, known: [added], signal: watching }),
        {
          container: container.name,
          what,
          limit: START,
          hint: `is the kubelet of node ${facts.node} alive, and the image ${image} at hand?`,
          signal,
        },
      );
    }
    const capture = startCapture(clients.kubernetes, {
      place: { pod: place, container: container.name },
      words: tcpdumpCommand(snaplen),
      duration: duration * 1000,
      firstBytes: FIRST_BYTES,
      grace: GRACE,
      failure: (end) => captureFailure('tcpdump', trafficText(target, facts), end),
      signal,
    });
    const kept = await context
      .keep(
        { name: 'tcpdump.pcap', mediaType: 'application/vnd.tcpdump.pcap', incomplete: capture.isCut },
        capture.bytes,
      )
      .catch((error: unknown) => {
        throw isTalonError(error) && error.code === 'target_gone' && isOld ? endedMeanwhile(what, error) : error;
      });
    const end = capture.end();
    return captureResult(kept, end, {
      tool: 'tcpdump',
      what: trafficText(target, facts),
      duration,
      objects: { pod: target.name, namespace: target.namespace, container: container.name },
      notes: end.cut === undefined ? [] : [`the container ends by itself within ${longestLife(duration)} s`],
    });
  },
});

function trafficText(target: PodTarget, { host_network: hostNetwork, node }: Facts): string {
  const what = `the traffic of ${targetText(target)}`;
  return hostNetwork ? `${what}, which uses the network of node ${node}: that of the whole node` : what;
}

/** The first that has not ended: one that runs, or is still to be started, is the one of an earlier attempt. */
function unusedContainer(pod: Pod, choices: readonly CaptureContainer[], target: PodTarget): CaptureContainer {
  const unused = choices.find(({ name }) => containerStatus(pod as CapturePod, name)?.state?.terminated === undefined);
  if (unused) return unused;
  throw new TalonError(
    'rejected',
    `${targetText(target)} has ${choices.length} ended capture containers of this action`,
  );
}

/** It was about to end when it was looked at: another attempt sees that, and takes another one. */
function endedMeanwhile(what: string, cause: TalonError): TalonError {
  return new TalonError('unavailable', `${what}, of an earlier attempt, has ended meanwhile`, {
    cause,
    retryable: true,
  });
}

async function addContainer(
  client: Pick<Kubernetes, 'addEphemeralContainer'>,
  target: PodTarget,
  container: CaptureContainer,
  { uid }: Facts,
  signal: AbortSignal,
): Promise<CapturePod> {
  const { namespace, name } = target;
  try {
    const pod = await client.addEphemeralContainer<CapturePod>({ namespace, name }, container, {
      signal,
      fieldManager: FIELD_MANAGER,
    });
    // The subresource looks at no uid, so a pod that took the name meanwhile has it now; it is not captured.
    if (pod.metadata.uid !== uid) throw recreated(target, pod, uid);
    return pod;
  } catch (error) {
    if (kubernetesFailure(error)?.status === 405) {
      throw new TalonError(
        'unsupported',
        `the cluster knows no ephemeral containers: Kubernetes 1.25 or later is needed`,
      );
    }
    throw podSecurityFailure(error, { namespace, what: 'the capture container' });
  }
}
