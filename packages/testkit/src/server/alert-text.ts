/** What is compared with the cluster before something destructive is done. */
export interface Plausible {
  /** The first 12 digits of the id of a container of the pod. */
  readonly containerId: string;
  /** ISO 8601. */
  readonly time: string;
}

const LONG_AGO: Plausible = { containerId: 'ee97d9c4186f', time: '2025-11-22T12:31:07.482812345Z' };

/** An alert as Falco sends it, about 1.1 KB. `n` makes its text unique. */
export function alertText(rule: string, pod: string, n: number, { containerId, time } = LONG_AGO): string {
  return JSON.stringify({
    hostname: 'node-1',
    output: `12:31:07.482812345: Notice A shell was spawned in a container with an attached terminal (evt_type=execve user=root user_uid=0 user_loginuid=-1 process=sh proc_exepath=/bin/busybox parent=containerd-shim command=sh -c echo ${n} terminal=34816 exe_flags=EXE_WRITABLE|EXE_LOWER_LAYER container_id=${containerId} container_name=main k8s_ns=shop k8s_pod=${pod})`,
    output_fields: {
      'container.id': containerId,
      'container.image.repository': 'registry.example.com/shop/cart',
      'container.image.tag': '1.27.3',
      'container.name': 'main',
      'evt.arg.flags': 'EXE_WRITABLE|EXE_LOWER_LAYER',
      'evt.time': `@${1763814667482000000n + BigInt(n)}@`,
      'evt.type': 'execve',
      'k8s.ns.name': 'shop',
      'k8s.pod.name': pod,
      'proc.cmdline': `sh -c echo ${n}`,
      'proc.exepath': '/bin/busybox',
      'proc.name': 'sh',
      'proc.pname': 'containerd-shim',
      'proc.tty': 34816,
      'user.loginuid': -1,
      'user.name': 'root',
      'user.uid': 0,
    },
    priority: 'Notice',
    rule,
    source: 'syscall',
    tags: ['T1059', 'container', 'maturity_stable', 'mitre_execution', 'shell'],
    time,
  }).replace(/"@(\d+)@"/, '$1');
}
