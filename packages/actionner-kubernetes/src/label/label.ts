import {
  defineActionner,
  oneOf,
  POD_FIELDS,
  podTarget,
  strictObject,
  TalonError,
  targetText,
  Type,
  type Issue,
} from '@falco-talon/core';
import { kubernetes, NODES, type Kubernetes } from '@falco-talon/client-kubernetes';
import { FIELD_MANAGER } from '../marks.ts';
import { patchPodLabels } from '../pod/patch-pod-labels.ts';
import { readPod } from '../pod/read-pod.ts';
import { examples } from './examples.ts';
import { labelKeyProblem, labelValueProblem } from './label-syntax.ts';

type Labels = Readonly<Record<string, string>>;

export const label = defineActionner({
  name: 'label',
  description: 'Sets and removes labels of the pod, or of the node it runs on.',
  stability: 'stable',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'none',
  parameters: strictObject({
    labels: Type.Record(Type.String(), Type.String(), {
      minProperties: 1,
      description: 'Labels to set. An empty value removes the label. Values are taken as written: no tokens.',
    }),
    level: oneOf(['pod', 'node'], { default: 'pod', description: 'What to label: the pod, or the node it runs on.' }),
  }),
  uses: { kubernetes },
  facts: strictObject({ node: Type.Optional(Type.String()) }),
  requiredFields: POD_FIELDS,
  idempotent: true,
  permissions: [
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['patch'], when: 'level: pod' },
    {
      kind: 'kubernetes',
      apiGroup: '',
      resources: ['pods'],
      verbs: ['get'],
      when: 'level: node; dry runs; to explain why a pod refused the labels',
    },
    { kind: 'kubernetes', apiGroup: '', resources: ['nodes'], verbs: ['patch'], when: 'level: node' },
  ],
  examples,

  validate({ labels }) {
    return Object.entries(labels).flatMap(([key, value]): readonly Issue[] =>
      [labelKeyProblem(key), labelValueProblem(value)]
        .filter((message) => message !== undefined)
        .map((message) => ({ path: ['labels', key], message })),
    );
  },

  // The pod with `level: node` too: which node it is only the API server knows.
  target: ({ event }) => podTarget(event),

  async check({ event, parameters, reads, signal }) {
    if (parameters.level === 'pod') return { facts: {} };
    const target = podTarget(event);
    const node = (await readPod(reads.kubernetes, target, signal)).spec?.nodeName;
    if (node === undefined) throw new TalonError('target_gone', `${targetText(target)} runs on no node`);
    return { facts: { node } };
  },

  async preview({ event, parameters, facts, reads, signal }) {
    const target = podTarget(event);
    await readPod(reads.kubernetes, target, signal);
    return `would label ${whatText(targetText(target), facts.node)}: ${changesText(parameters.labels)}`;
  },

  async run({ event, parameters, facts, clients, signal }) {
    const target = podTarget(event);
    const changes = mergePatch(parameters.labels);
    if (facts.node === undefined) await patchPodLabels(clients.kubernetes, target, changes, signal);
    else await patchNode(clients.kubernetes, facts.node, changes, signal);
    return {
      status: 'success',
      message: `labelled ${whatText(targetText(target), facts.node)}: ${changesText(parameters.labels)}`,
      objects: {
        pod: target.name,
        namespace: target.namespace,
        ...(facts.node === undefined ? {} : { node: facts.node }),
      },
    };
  },
});

async function patchNode(
  client: Pick<Kubernetes, 'patch'>,
  name: string,
  labels: Readonly<Record<string, string | null>>,
  signal: AbortSignal,
): Promise<void> {
  const patch = { type: 'merge', body: { metadata: { labels } } } as const;
  await client.patch(NODES, { name }, patch, { signal, fieldManager: FIELD_MANAGER });
}

/** In a merge patch `null` deletes a key, and deleting an absent one is no error. */
function mergePatch(labels: Labels): Readonly<Record<string, string | null>> {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, value === '' ? null : value]));
}

function changesText(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => (value === '' ? `${key} removed` : `${key}=${value}`))
    .join(', ');
}

function whatText(pod: string, node: string | undefined): string {
  return node === undefined ? pod : `node ${node} of ${pod}`;
}
