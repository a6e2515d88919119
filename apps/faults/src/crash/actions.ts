import {
  calicoCrds,
  ciliumCrds,
  containerId,
  namespace,
  node,
  pod,
  type ObjectInput,
  type ReceivedRequest,
} from '@falco-talon/fake-kubernetes';

/** One action, with a target of its own: the namespace (or the node) is called as the action is here. */
export interface CrashedAction {
  readonly name: string;
  readonly actionner: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Beside the pod `cart` in its namespace. */
  readonly objects?: readonly ObjectInput[];
  /** Of the alert, instead of those that name the pod. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Keeps an artifact. */
  readonly keeps?: boolean;
  /** The call after which something is different. */
  readonly acts: (request: ReceivedRequest) => boolean;
  /** Whether the step says what it is about to do before it does it. */
  readonly intent: boolean;
  /** Nobody but its author knows what a repeat would do: once begun, it is not repeated, and that is a failure. */
  readonly once?: boolean;
  /** How its rule goes on after it: a second step follows, `next`, which sets a label. */
  readonly chain?: { readonly ignore_errors: true } | { readonly continue: false };
}

export const OWN_NAMESPACE = 'security';
const writes = (method: string, resource: string, name: string) => (request: ReceivedRequest) =>
  request.method === method && request.resource === resource && [request.namespace, request.name].includes(name);
const inContainer = (name: string, subresource: string) => (request: ReceivedRequest) =>
  request.namespace === name && request.subresource === subresource;
const REMOTE = { 'fd.rip': '192.0.2.7', 'fd.sip': '192.0.2.7' };

export const ACTIONS: readonly CrashedAction[] = [
  {
    name: 'terminate',
    actionner: 'kubernetes:terminate',
    acts: writes('DELETE', 'pods', 'terminate'),
    intent: true,
  },
  {
    name: 'label',
    actionner: 'kubernetes:label',
    parameters: { labels: { 'analysis/status': 'suspicious' } },
    acts: writes('PATCH', 'pods', 'label'),
    intent: false,
  },
  {
    name: 'annotation',
    actionner: 'kubernetes:annotation',
    parameters: { annotations: { 'analysis/status': 'suspicious' } },
    acts: writes('PATCH', 'pods', 'annotation'),
    intent: false,
  },
  {
    name: 'networkpolicy',
    actionner: 'kubernetes:networkpolicy',
    acts: writes('PATCH', 'networkpolicies', 'networkpolicy'),
    intent: false,
  },
  {
    name: 'exec',
    actionner: 'kubernetes:exec',
    parameters: { command: 'true' },
    acts: inContainer('exec', 'exec'),
    intent: true,
    once: true,
  },
  {
    name: 'script',
    actionner: 'kubernetes:script',
    parameters: { script: 'true' },
    acts: inContainer('script', 'exec'),
    intent: true,
    once: true,
  },
  {
    name: 'ignore-errors',
    actionner: 'kubernetes:exec',
    parameters: { command: 'true' },
    acts: inContainer('ignore-errors', 'exec'),
    intent: true,
    once: true,
    chain: { ignore_errors: true },
  },
  {
    name: 'continue-false',
    actionner: 'kubernetes:annotation',
    parameters: { annotations: { 'analysis/status': 'suspicious' } },
    acts: writes('PATCH', 'pods', 'continue-false'),
    intent: false,
    chain: { continue: false },
  },
  { name: 'log', actionner: 'kubernetes:log', keeps: true, acts: inContainer('log', 'log'), intent: false },
  {
    name: 'download',
    actionner: 'kubernetes:download',
    parameters: { file: '/etc/hosts' },
    keeps: true,
    acts: inContainer('download', 'exec'),
    intent: false,
  },
  {
    name: 'tcpdump',
    actionner: 'kubernetes:tcpdump',
    parameters: { duration: 1 },
    keeps: true,
    acts: inContainer('tcpdump', 'ephemeralcontainers'),
    intent: true,
  },
  {
    name: 'tcpdump-capture',
    actionner: 'kubernetes:tcpdump',
    parameters: { duration: 1 },
    keeps: true,
    acts: inContainer('tcpdump-capture', 'exec'),
    intent: true,
  },
  {
    name: 'sysdig',
    actionner: 'kubernetes:sysdig',
    parameters: { duration: 1 },
    keeps: true,
    acts: ({ method, resource }) => method === 'POST' && resource === 'jobs',
    intent: false,
  },
  {
    name: 'delete',
    actionner: 'kubernetes:delete',
    objects: [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'leak', namespace: 'delete' }, data: { key: 'value' } },
    ],
    fields: {
      'ka.target.resource': 'configmaps',
      'ka.target.name': 'leak',
      'ka.target.namespace': 'delete',
      'ka.uri': '/api/v1/namespaces/delete/configmaps/leak',
    },
    acts: writes('DELETE', 'configmaps', 'delete'),
    intent: true,
  },
  { name: 'cordon', actionner: 'kubernetes:cordon', acts: writes('PATCH', 'nodes', 'cordon'), intent: true },
  { name: 'drain', actionner: 'kubernetes:drain', acts: writes('PATCH', 'nodes', 'drain'), intent: true },
  {
    name: 'drain-half',
    actionner: 'kubernetes:drain',
    objects: ['first', 'second', 'third'].map((name) => pod({ name, namespace: 'drain-half', node: 'drain-half' })),
    acts: (request) => request.subresource === 'eviction' && request.name === 'second',
    intent: true,
  },
  {
    name: 'calico',
    actionner: 'calico:networkpolicy',
    fields: { 'k8s.ns.name': 'calico', 'k8s.pod.name': 'cart', ...REMOTE },
    acts: writes('POST', 'networkpolicies', 'calico'),
    intent: false,
  },
  {
    name: 'cilium',
    actionner: 'cilium:networkpolicy',
    fields: { 'k8s.ns.name': 'cilium', 'k8s.pod.name': 'cart', ...REMOTE },
    acts: writes('POST', 'ciliumnetworkpolicies', 'cilium'),
    intent: false,
  },
];

function hasOwnNode(name: string): boolean {
  return ['cordon', 'drain', 'drain-half'].includes(name);
}

export function objectsOf(actions: readonly CrashedAction[]): readonly ObjectInput[] {
  return [
    namespace(OWN_NAMESPACE),
    node({ name: 'node-1' }),
    ...calicoCrds({ group: 'projectcalico.org' }),
    ...ciliumCrds(),
    ...actions.flatMap(({ name, objects = [] }) => {
      const own = hasOwnNode(name);
      return [
        ...(own ? [node({ name })] : []),
        pod({ name: 'cart', namespace: name, uid: `uid-of-${name}`, node: own ? name : 'node-1' }),
        ...objects,
      ];
    }),
  ];
}

export function rulesOf(actions: readonly CrashedAction[], evidence: (name: string) => string): string {
  const rules = actions.map(({ name, actionner, parameters = {}, keeps, chain }) => ({
    rule: name,
    match: { rules: [name] },
    actions: [
      {
        action: 'act',
        actionner,
        parameters,
        ...chain,
        ...(keeps && { output: { target: 'local:file', parameters: { destination: evidence(name) } } }),
      },
      ...(chain ? [{ action: 'next', actionner: 'kubernetes:label', parameters: { labels: { next: 'done' } } }] : []),
    ],
  }));
  return JSON.stringify(rules);
}

export function alertOf({ name, actionner, fields }: CrashedAction): string {
  const container = containerId(name, 'cart', 'main').replace('containerd://', '').slice(0, 12);
  const genuine = { 'k8s.ns.name': name, 'k8s.pod.name': 'cart', 'container.id': container };
  return JSON.stringify({
    rule: name,
    priority: 'Critical',
    output: name,
    source: actionner === 'kubernetes:delete' ? 'k8s_audit' : 'syscall',
    hostname: hasOwnNode(name) ? name : 'node-1',
    output_fields: actionner === 'kubernetes:delete' ? fields : { ...genuine, ...fields },
  });
}
