import { fit } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { testPlugin } from '@falco-talon/testkit';
import plugin from './index.ts';

testPlugin(plugin, { directory: new URL('..', import.meta.url) });

const SYSCALL = ['syscall'];
const BOTH = ['syscall', 'k8s_audit'];
const POD = [
  ['k8s.pod.name', 'ka.target.pod.name', 'ka.target.name'],
  ['k8s.ns.name', 'ka.target.namespace'],
];

/** What rules rely on without writing it down: changing one of these changes what they do. */
it.each([
  ['label', BOTH, true, 'none', POD, { labels: { a: 'b' } }, { level: 'pod' }],
  [
    'terminate',
    SYSCALL,
    false,
    'none',
    ['k8s.pod.name', 'k8s.ns.name'],
    {},
    { ignore_daemonsets: false, ignore_statefulsets: false, ignore_standalone_pods: false },
  ],
  ['networkpolicy', SYSCALL, true, 'none', POD, {}, { allow_cidr: [], allow_namespaces: [], scope: 'pod' }],
  ['log', BOTH, true, 'allowed', POD, {}, { tail_lines: 20 }],
  ['exec', BOTH, true, 'none', POD, { command: 'true' }, { shell: '/bin/sh', timeout: 60 }],
  ['script', BOTH, true, 'none', POD, { script: 'true' }, { shell: '/bin/sh', timeout: 60 }],
  ['download', SYSCALL, true, 'required', POD, { file: '/x' }, { timeout: 300 }],
  [
    'tcpdump',
    SYSCALL,
    true,
    'required',
    POD,
    {},
    { duration: 5, snaplen: 4096, image: 'docker.io/nicolaka/netshoot:v0.16' },
  ],
  [
    'sysdig',
    BOTH,
    true,
    'required',
    POD,
    {},
    { duration: 5, buffer_size: 2048, scope: 'pod', image: 'docker.io/sysdig/sysdig:0.36.0' },
  ],
])(
  'kubernetes:%s: sources, continue, output, fields and defaults',
  (name, sources, goesOn, output, fields, given, defaults) => {
    const part = plugin.actionners?.find((actionner) => actionner.name === name);
    expect(part).toMatchObject({ sources, continue: goesOn, output });
    expect(part?.requiredFields).toEqual(fields);
    expect(fit(part!.parameters, given)).toEqual({ value: { ...given, ...defaults }, issues: [] });
  },
);
