import {
  defineActionner,
  POD_FIELDS,
  podTarget,
  strictObject,
  Type,
  type Checked,
  type Result,
} from '@falco-talon/core';
import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import { begin } from '../pod/begin.ts';
import {
  chooseContainer,
  containerChoice,
  containerObjects,
  containerParameter,
  containerText,
  inContainer,
  type ContainerChoice,
} from '../pod/container-choice.ts';
import { readPod, type PodTarget } from '../pod/read-pod.ts';
import { logText, RESULT_BYTES } from './container-log.ts';
import { differences } from './differences.ts';
import { examples } from './examples.ts';

const MANY_LINES = 10_000;

export const log = defineActionner({
  name: 'log',
  description: "Keeps the last lines of a container's log.",
  stability: 'stable',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'allowed',
  parameters: strictObject({
    tail_lines: Type.Integer({ minimum: 0, default: 20, description: 'Lines from the end of the log.' }),
    container: containerParameter,
  }),
  uses: { kubernetes },
  facts: containerChoice,
  requiredFields: POD_FIELDS,
  idempotent: true,
  readOnly: true,
  permissions: [
    { kind: 'kubernetes', apiGroup: '', resources: ['pods/log'], verbs: ['get'] },
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get'], when: 'no container is given' },
  ],
  examples,
  differences,

  target: ({ event }) => podTarget(event),

  // A long log belongs to the pool of long actions.
  timeLimit: ({ tail_lines: lines }) => (lines > MANY_LINES ? 60_000 : 5_000),

  async check({ event, parameters, reads, signal }): Promise<Checked<ContainerChoice>> {
    const context = { event, target: podTarget(event), reads: reads.kubernetes, signal };
    return { facts: await chooseContainer(parameters.container, context) };
  },

  async preview({ event, parameters, facts, reads, signal }) {
    const target = podTarget(event);
    await readPod(reads.kubernetes, target, signal);
    return `would keep the last ${parameters.tail_lines} lines of the log of ${whatText(target, facts)}`;
  },

  async run(context) {
    const { event, parameters, facts, reads, clients, hasOutput, signal } = context;
    const target = podTarget(event);
    const { choice, done: chunks } = await inContainer(
      facts,
      { event, target, reads: reads.kubernetes, signal },
      (chosen) => openChosen(clients.kubernetes, target, chosen, parameters.tail_lines, hasOutput, signal),
    );
    const what = whatText(target, choice);
    const objects = containerObjects(target, choice.container);
    if (!hasOutput) return textResult(await logText(chunks), what, objects);
    const kept = await context.keep({ name: 'log', mediaType: 'text/plain' }, chunks);
    const cut = kept.truncated ? ', cut at the size limit' : '';
    return { status: 'success', message: `kept ${kept.bytes} bytes of the log of ${what}${cut}`, objects };
  },
});

function openChosen(
  client: Pick<Kubernetes, 'podLog'>,
  { namespace, name }: PodTarget,
  { container, previous }: ContainerChoice,
  tailLines: number,
  hasOutput: boolean,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const log = client.podLog(
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
  return begin(log[Symbol.asyncIterator]());
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

function whatText(target: PodTarget, { container, previous }: ContainerChoice): string {
  return `${containerText(target, container)}${previous ? ', the run before its restart' : ''}`;
}
