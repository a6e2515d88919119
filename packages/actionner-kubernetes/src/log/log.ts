import {
  defineActionner,
  POD_FIELDS,
  podTarget,
  strictObject,
  targetText,
  Type,
  type Checked,
  type Result,
  type Static,
} from '@falco-talon/core';
import { kubernetes, kubernetesFailure, type Kubernetes } from '@falco-talon/client-kubernetes';
import { containerOfEvent, findContainer } from '../pod/container-of-event.ts';
import { readPod, type PodTarget } from '../pod/read-pod.ts';
import { logText, openLog, RESULT_BYTES } from './container-log.ts';
import { examples } from './examples.ts';

const MANY_LINES = 10_000;

const factsSchema = strictObject({
  /** Absent: the API server chooses, as long as the pod has one container. */
  container: Type.Optional(Type.String()),
  previous: Type.Boolean(),
  /** `rule`: the parameter; `id`, `name`: the alert; `default`: neither. */
  by: Type.Union([Type.Literal('rule'), Type.Literal('id'), Type.Literal('name'), Type.Literal('default')]),
});
type Choice = Static<typeof factsSchema>;

export const log = defineActionner({
  name: 'log',
  description: "Keeps the last lines of a container's log.",
  stability: 'stable',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'allowed',
  parameters: strictObject({
    tail_lines: Type.Integer({ minimum: 0, default: 20, description: 'Lines from the end of the log.' }),
    container: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
        description: "Name of the container. Absent: the one the alert is about, else the pod's default one.",
      }),
    ),
  }),
  uses: { kubernetes },
  facts: factsSchema,
  requiredFields: POD_FIELDS,
  idempotent: true,
  permissions: [
    { kind: 'kubernetes', apiGroup: '', resources: ['pods/log'], verbs: ['get'] },
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get'], when: 'no container is given' },
  ],
  examples,

  target: ({ event }) => podTarget(event),

  // A long log belongs to the pool of long actions.
  timeLimit: ({ tail_lines: lines }) => (lines > MANY_LINES ? 60_000 : 5_000),

  async check({ event, parameters, reads, signal }): Promise<Checked<Choice>> {
    if (parameters.container !== undefined) {
      return { facts: { container: parameters.container, previous: false, by: 'rule' } };
    }
    const wanted = containerOfEvent(event);
    if (wanted.id !== undefined) {
      const found = findContainer(await readPod(reads.kubernetes, podTarget(event), signal), wanted);
      return { facts: found ?? { previous: false, by: 'default' } };
    }
    if (wanted.name !== undefined) return { facts: { container: wanted.name, previous: false, by: 'name' } };
    return { facts: { previous: false, by: 'default' } };
  },

  async preview({ event, parameters, facts, reads, signal }) {
    const target = podTarget(event);
    await readPod(reads.kubernetes, target, signal);
    return `would keep the last ${parameters.tail_lines} lines of the log of ${whatText(target, facts)}`;
  },

  async run(context) {
    const { event, parameters, facts, reads, clients, hasOutput, signal } = context;
    const target = podTarget(event);
    const open = (choice: Choice) =>
      openChosen(clients.kubernetes, target, choice, parameters.tail_lines, hasOutput, signal);
    let choice = facts;
    let chunks: AsyncIterable<Uint8Array>;
    try {
      chunks = await open(choice);
    } catch (error) {
      // The pod has several containers, or none of the name the alert gives.
      const mayChoose = choice.by === 'name' || choice.container === undefined;
      if (!mayChoose || kubernetesFailure(error)?.status !== 400) throw error;
      const found = findContainer(await readPod(reads.kubernetes, target, signal), containerOfEvent(event));
      if (found === undefined || found.container === choice.container) throw error;
      choice = found;
      chunks = await open(choice);
    }
    const what = whatText(target, choice);
    const objects = {
      pod: target.name,
      namespace: target.namespace,
      ...(choice.container === undefined ? {} : { container: choice.container }),
    };
    if (!hasOutput) return textResult(await logText(chunks), what, objects);
    const kept = await context.keep({ name: 'log', mediaType: 'text/plain' }, chunks);
    const cut = kept.truncated ? ', cut at the size limit' : '';
    return { status: 'success', message: `kept ${kept.bytes} bytes of the log of ${what}${cut}`, objects };
  },
});

function openChosen(
  client: Pick<Kubernetes, 'podLog'>,
  { namespace, name }: PodTarget,
  { container, previous }: Choice,
  tailLines: number,
  hasOutput: boolean,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  return openLog(
    client,
    { namespace, name },
    {
      signal,
      tailLines,
      ...(container === undefined ? {} : { container }),
      ...(previous ? { previous } : {}),
      // One byte more than is kept tells whether there was more.
      ...(hasOutput ? {} : { limitBytes: RESULT_BYTES + 1 }),
    },
  );
}

function textResult(
  { text, cut }: { readonly text: string; readonly cut: boolean },
  what: string,
  objects: Readonly<Record<string, string>>,
): Result {
  const message = text === '' ? `the log of ${what} is empty` : `read the log of ${what}`;
  return {
    status: 'success',
    message: cut ? `${message}, cut at ${RESULT_BYTES} bytes` : message,
    objects,
    output: text,
  };
}

function whatText(target: PodTarget, { container, previous }: Choice): string {
  const pod = targetText(target);
  if (container === undefined) return pod;
  return `container ${container} of ${pod}${previous ? ', the run before its restart' : ''}`;
}
