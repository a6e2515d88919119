import { createHash } from 'node:crypto';

/** An alert as Falco sends it now, about 1.1 KB, of the container the fake API server gives that pod. `n` makes its text unique. */
export function alertText(rule: string, pod: string, n: number): string {
  const container = createHash('sha256').update(`shop/${pod}/main`).digest('hex').slice(0, 12);
  return JSON.stringify({
    hostname: 'node-1',
    output: `12:31:07.482812345: Notice A shell was spawned in a container with an attached terminal (evt_type=execve user=root user_uid=0 user_loginuid=-1 process=sh proc_exepath=/bin/busybox parent=containerd-shim command=sh -c echo ${n} terminal=34816 exe_flags=EXE_WRITABLE|EXE_LOWER_LAYER container_id=${container} container_name=main k8s_ns=shop k8s_pod=${pod})`,
    output_fields: {
      'container.id': container,
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
    time: new Date().toISOString().replace('Z', '345000Z'),
  }).replace(/"@(\d+)@"/, '$1');
}
