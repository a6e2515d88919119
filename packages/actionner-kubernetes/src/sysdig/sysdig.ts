import {
  defineActionner,
  errorText,
  isTalonError,
  oneOf,
  POD_FIELDS,
  podTarget,
  strictObject,
  TalonError,
  targetText,
  Type,
  type Result,
  type Static,
} from '@falco-talon/core';
import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import { captureFailure, captureResult } from '../capture/capture-result.ts';
import { startCapture } from '../capture/capture-stream.ts';
import { imageParameter } from '../capture/image-parameter.ts';
import { podSecurityFailure } from '../capture/pod-security.ts';
import { observedPod } from '../pod/capturable.ts';
import { readPod, type PodTarget } from '../pod/read-pod.ts';
import { AROUND_COMMAND } from '../remote/run-remote.ts';
import { awaitJobPod, cleanUp, CLEAN_UP, START, startJob } from './capture-job.ts';
import { differences } from './differences.ts';
import { DEFAULT_IMAGE, examples } from './examples.ts';
import { containerFilter, containerIds } from './filter.ts';
import { CONTAINER } from './job.ts';

/** Milliseconds sysdig takes to load its probe and to read the processes there are. */
const LOADING = 15_000;
const GRACE = 5_000;
/** Milliseconds for the calls around. */
const CALLS = 20_000;
/** The most of a buffer sysdig keeps. */
const LONGEST_BUFFER = 65_000;

const factsSchema = strictObject({
  node: Type.String(),
  /** Of the containers to capture; empty for the whole node. */
  containers: Type.Array(Type.String()),
});
type Facts = Static<typeof factsSchema>;

export const sysdig = defineActionner({
  name: 'sysdig',
  description:
    "Captures the system calls of the pod, or of its node, with sysdig: a Job in Falco Talon's own namespace.",
  stability: 'beta',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'required',
  parameters: strictObject({
    duration: Type.Integer({ minimum: 1, maximum: 30, default: 5, description: 'Seconds.' }),
    buffer_size: Type.Integer({
      minimum: 1,
      maximum: LONGEST_BUFFER,
      default: 2048,
      description: 'Bytes kept of each buffer a process reads or writes (sysdig calls it snaplen).',
    }),
    scope: oneOf(['pod', 'node'], {
      default: 'pod',
      description: '`pod`: the containers of the pod; `node`: all that runs on its node.',
    }),
    image: imageParameter('sysdig', DEFAULT_IMAGE),
  }),
  uses: { kubernetes },
  facts: factsSchema,
  requiredFields: POD_FIELDS,
  // What an attempt before has left is found by its name and taken away.
  idempotent: true,
  permissions: [
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get'] },
    { kind: 'kubernetes', apiGroup: 'batch', resources: ['jobs'], verbs: ['create', 'delete'] },
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['watch'] },
    { kind: 'kubernetes', apiGroup: '', resources: ['pods/exec'], verbs: ['create', 'get'] },
    {
      kind: 'kubernetes',
      apiGroup: 'batch',
      resources: ['jobs'],
      verbs: ['get'],
      when: 'an attempt that was interrupted has left its Job',
    },
    {
      kind: 'kubernetes',
      apiGroup: '',
      resources: ['events'],
      verbs: ['list'],
      when: 'the capture pod is refused: its Job has an event that says why',
    },
  ],
  examples,
  differences,

  target: ({ event }) => podTarget(event),

  timeLimit: ({ duration }) => CALLS + START + LOADING + duration * 1000 + AROUND_COMMAND + CLEAN_UP,

  async check({ event, parameters, reads, signal }) {
    const target = podTarget(event);
    const pod = await readPod(reads.kubernetes, target, signal);
    const { node } = observedPod(pod, target);
    if (parameters.scope === 'node') return { facts: { node, containers: [] } };
    const containers = [...containerIds(pod)];
    if (containers.length === 0) {
      throw new TalonError('unavailable', `no container of ${targetText(target)} has an id yet`, { retryable: true });
    }
    return { facts: { node, containers } };
  },

  async preview({ event, parameters: { duration, image }, facts }) {
    return `would capture ${whatText(podTarget(event), facts)} for ${duration} s, with a Job of the image ${image}`;
  },

  async run(context) {
    const { event, parameters, facts, step, clients, signal } = context;
    const { duration, image } = parameters;
    const client = clients.kubernetes;
    const namespace = ownNamespace(client);
    const job = await startJob(client, { namespace, node: facts.node, image, duration, step, event }, signal).catch(
      (error: unknown) => {
        throw podSecurityFailure(error, { namespace, what: 'the capture Job' });
      },
    );
    const target = podTarget(event);
    let result: Result;
    try {
      const pod = await awaitJobPod(client, { job, namespace, node: facts.node, image, signal });
      const capture = startCapture(client, {
        place: { pod: { namespace, name: pod.metadata.name }, container: CONTAINER },
        words: sysdigCommand(parameters, facts),
        duration: LOADING + duration * 1000,
        firstBytes: 0,
        grace: GRACE,
        failure: (end) => captureFailure('sysdig', whatText(target, facts), end),
        signal,
      });
      const kept = await context.keep(
        { name: 'sysdig.scap.gz', mediaType: 'application/gzip', incomplete: capture.isCut },
        capture.bytes,
      );
      result = captureResult(kept, capture.end(), {
        tool: 'sysdig',
        what: whatText(target, facts),
        duration,
        objects: { pod: target.name, namespace: target.namespace, node: facts.node, job: job.name },
        notes: [],
      });
    } catch (error) {
      throw withNote(error, await cleanUp(client, { namespace, name: job.name }, job.uid));
    }
    const left = await cleanUp(client, { namespace, name: job.name }, job.uid);
    return left === undefined ? result : { ...result, message: `${result.message}; ${left}` };
  },
});

/** sysdig counts the seconds itself, from the first event; it is stopped later, should there be none. */
function sysdigCommand(
  { duration, buffer_size: bufferSize }: { readonly duration: number; readonly buffer_size: number },
  { containers }: Facts,
): readonly string[] {
  const options = ['--modern-bpf', '-q', '-z', '-s', String(bufferSize), '-M', String(duration), '-w', '-'];
  return ['sysdig', ...options, ...(containers.length === 0 ? [] : [containerFilter(containers)])];
}

function whatText(target: PodTarget, { node, containers }: Facts): string {
  const of = containers.length === 0 ? `node ${node} of ${targetText(target)}` : targetText(target);
  return `the system calls of ${of}`;
}

function ownNamespace({ ownNamespace: namespace }: Kubernetes): string {
  if (namespace !== '') return namespace;
  throw new TalonError(
    'invalid_config',
    'captures with sysdig run in the namespace of Falco Talon, which is not known outside a cluster: set namespace in config.yaml',
  );
}

/** The same failure, with what its clean-up left behind. */
function withNote(error: unknown, note: string | undefined): unknown {
  if (note === undefined) return error;
  if (!isTalonError(error)) return new TalonError('plugin_failed', `${errorText(error)}; ${note}`, { cause: error });
  const { code, message, retryable, retryAfter, cause } = error;
  return new TalonError(code, `${message}; ${note}`, {
    cause,
    retryable,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}
