import type { Pod } from './cluster.ts';

/** One alert of the demo, and what its rule must come to. */
export interface DemoAlert {
  readonly title: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** `action status` of each action record, in order; empty when nothing may happen. */
  readonly expected: readonly string[];
  /** Uploads that follow. */
  readonly uploads: number;
  readonly duplicate: boolean;
}

const NOTHING = { expected: [], uploads: 0, duplicate: false };
const SHELL = 'Terminal shell in container';

export function demoAlerts(namespace: string, pods: readonly Pod[]): readonly DemoAlert[] {
  const pod = (app: string): Pod => {
    const found = pods.find((candidate) => candidate.app === app);
    if (!found) throw new Error(`the demo's workload ${app} has no pod`);
    return found;
  };
  const cart = alertAbout(
    pod('cart'),
    namespace,
    SHELL,
    'Notice',
    'A shell was spawned in a container with an attached terminal',
  );
  return [
    {
      title: 'a shell in one of three replicas',
      body: cart,
      expected: ['Label the pod as suspicious success', 'Keep the log success', 'Terminate the pod success'],
      uploads: 1,
      duplicate: false,
    },
    { ...NOTHING, title: 'the same alert once more', body: cart, duplicate: true },
    {
      title: 'code that somebody else runs',
      body: alertAbout(
        pod('payment'),
        namespace,
        'Netcat Remote Code Execution in Container',
        'Warning',
        'Netcat takes commands from outside',
        {
          'fd.rip': '203.0.113.7',
          'fd.rport': 4444,
        },
      ),
      expected: ['Isolate the pod success', 'Label the pod as suspicious success'],
      uploads: 0,
      duplicate: false,
    },
    {
      title: 'a shell in a DaemonSet pod, which would come straight back',
      body: alertAbout(
        pod('agent'),
        namespace,
        SHELL,
        'Notice',
        'A shell was spawned in a container with an attached terminal',
      ),
      expected: ['Label the pod as suspicious success', 'Keep the log success', 'Terminate the pod ignored'],
      uploads: 1,
      duplicate: false,
    },
    {
      title: 'a rule that is only tried out',
      body: {
        ...alertAbout(
          pod('miner'),
          namespace,
          'Detect crypto miners using the Stratum protocol',
          'Critical',
          'Possible miner running',
        ),
        tags: ['container', 'mitre_impact'],
      },
      expected: ['Terminate the pod dry_run'],
      uploads: 0,
      duplicate: false,
    },
    {
      title: 'a pod name made to reach another namespace',
      body: alertAbout(
        { ...pod('cart'), name: '../../kube-system/pods/etcd-0' },
        namespace,
        SHELL,
        'Notice',
        'A shell was spawned',
      ),
      expected: ['Label the pod as suspicious failure'],
      uploads: 0,
      duplicate: false,
    },
    {
      ...NOTHING,
      title: 'an alert no rule is about',
      body: {
        rule: 'Read sensitive file untrusted',
        priority: 'Warning',
        source: 'syscall',
        output: 'Sensitive file opened for reading by non-trusted program (file=/etc/shadow)',
        output_fields: { 'fd.name': '/etc/shadow', 'container.id': 'host' },
      },
    },
  ];
}

function alertAbout(
  pod: Pod,
  namespace: string,
  rule: string,
  priority: string,
  text: string,
  fields: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    rule,
    priority,
    source: 'syscall',
    hostname: pod.node,
    time: new Date().toISOString(),
    tags: ['container', 'shell', 'mitre_execution'],
    output: `${text} (k8s_ns=${namespace} k8s_pod=${pod.name})`,
    output_fields: {
      'container.id': pod.containerId.slice(0, 12),
      'container.name': pod.container,
      'evt.time': Date.now() * 1_000_000,
      'k8s.ns.name': namespace,
      'k8s.pod.name': pod.name,
      'proc.cmdline': 'sh -i',
      ...fields,
    },
  };
}
