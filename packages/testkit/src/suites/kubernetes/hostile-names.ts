/** Texts an attacker may have put into any field of an alert. A shell that takes one for a command makes the file `mark`. */
export function hostileNames(mark: string): readonly string[] {
  return [
    '../../kube-system/pods/etcd-0',
    '..%2f..%2fkube-system%2fpods%2fetcd-0',
    '..',
    `../../../../../../../..${mark}`,
    mark,
    'nul\0byte',
    'x'.repeat(4096),
    '-rf',
    `--checkpoint-action=exec=touch ${mark}`,
    '\u202egnp.exe\u2066',
    `line\ntouch ${mark}\n`,
    `$(touch ${mark})`,
    `\`touch ${mark}\``,
    `'; touch ${mark}; '`,
    `"; touch ${mark}; "`,
    `; touch ${mark} #`,
    `| touch ${mark}`,
    `> ${mark}`,
    '${IFS}',
    '%s%n',
    '*',
    'name?dryRun=All#',
    '\ud800',
    '__proto__',
  ];
}

/** Fields Falco's rules and plugins carry, beside those of the alerts a suite is given. */
export const PROBED_FIELDS: readonly string[] = [
  'k8s.ns.name',
  'k8s.pod.name',
  'k8s.pod.uid',
  'container.id',
  'container.name',
  'container.image.repository',
  'evt.hostname',
  'proc.name',
  'proc.cmdline',
  'fd.name',
  'fd.sip',
  'fd.rip',
  'fd.sport',
];
