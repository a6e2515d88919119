import { nearest } from '@falco-talon/core';

/**
 * The names of Falco's own fields, of the container plugin's and of the audit log's, by class: filterchecks of
 * falcosecurity/libs, `get_fields` of the plugins. A name that is not among them may still be one of a later version.
 */
const NAMES = {
  container: `
    cni.json duration full_id healthcheck host_ipc host_network host_pid id image image.digest image.id
    image.repository image.tag ip label labels liveness_probe mount mount.dest mount.mode mount.propagation
    mount.rdwr mount.source mounts name privileged readiness_probe start_ts type
  `,
  evt: `
    abspath arg args around asynctype buffer buflen buflen.file buflen.file.in buflen.file.out buflen.in
    buflen.net buflen.net.in buflen.net.out buflen.out category count count.error count.error.file
    count.error.memory count.error.net count.error.other count.exit count.procinfo count.threadinfo cpu datetime
    datetime.s deltatime deltatime.s dir failed hostname info io_dir is_async is_io is_io_read is_io_write
    is_open_create is_open_exec is_open_read is_open_write is_syslog is_wait latency latency.human
    latency.quantized latency.s num outputtime plugininfo pluginname rawarg rawres rawtime rawtime.s reltime.s res
    source time time.iso8601 time.s type type.is wait_latency
  `,
  fd: `
    cip cip.name cnet connected containerdirectory containername cport cproto dev dev.major dev.minor directory
    filename ino ip is_lower_layer is_server is_upper_layer l4proto lip lip.name lnet lport lproto name
    name_changed nameraw net num port proto rip rip.name rnet rport rproto sip sip.name snet sockfamily sport
    sproto type typechar types uid
  `,
  fs: `
    path.name path.nameraw path.source path.sourceraw path.target path.targetraw
  `,
  group: `
    gid name
  `,
  k8s: `
    deployment.id deployment.label deployment.labels deployment.name ns.id ns.label ns.labels ns.name pod.cni.json
    pod.full_sandbox_id pod.id pod.ip pod.label pod.labels pod.name pod.sandbox_id pod.uid rc.id rc.label
    rc.labels rc.name rs.id rs.label rs.labels rs.name svc.id svc.label svc.labels svc.name
  `,
  ka: `
    auditid auth.decision auth.openshift.decision auth.openshift.username auth.reason cluster.name impuser.name
    req.binding.role req.binding.subject.has_name req.binding.subjects req.binding.subjects.group_names
    req.binding.subjects.serviceaccount_names req.binding.subjects.serviceaccount_ns_names
    req.binding.subjects.user_names req.configmap.name req.configmap.obj req.container.host_network
    req.container.image req.container.image.repository req.container.privileged
    req.pod.containers.add_capabilities req.pod.containers.allow_privilege_escalation req.pod.containers.args
    req.pod.containers.command req.pod.containers.eff_run_as_group req.pod.containers.eff_run_as_user
    req.pod.containers.host_port req.pod.containers.image req.pod.containers.image.repository
    req.pod.containers.name req.pod.containers.privileged req.pod.containers.proc_mount
    req.pod.containers.read_only_fs req.pod.containers.run_as_group req.pod.containers.run_as_user
    req.pod.ephemeralContainers.add_capabilities req.pod.ephemeralContainers.allow_privilege_escalation
    req.pod.ephemeralContainers.args req.pod.ephemeralContainers.command
    req.pod.ephemeralContainers.eff_run_as_group req.pod.ephemeralContainers.eff_run_as_user
    req.pod.ephemeralContainers.image req.pod.ephemeralContainers.image.repository
    req.pod.ephemeralContainers.name req.pod.ephemeralContainers.privileged req.pod.ephemeralContainers.proc_mount
    req.pod.ephemeralContainers.read_only_fs req.pod.ephemeralContainers.run_as_group
    req.pod.ephemeralContainers.run_as_user req.pod.fs_group req.pod.host_ipc req.pod.host_network
    req.pod.host_pid req.pod.initContainers.add_capabilities req.pod.initContainers.allow_privilege_escalation
    req.pod.initContainers.args req.pod.initContainers.command req.pod.initContainers.eff_run_as_group
    req.pod.initContainers.eff_run_as_user req.pod.initContainers.host_port req.pod.initContainers.image
    req.pod.initContainers.image.repository req.pod.initContainers.name req.pod.initContainers.privileged
    req.pod.initContainers.proc_mount req.pod.initContainers.read_only_fs req.pod.initContainers.run_as_group
    req.pod.initContainers.run_as_user req.pod.run_as_group req.pod.run_as_user req.pod.supplemental_groups
    req.pod.volumes.flexvolume_driver req.pod.volumes.hostpath req.pod.volumes.volume_type req.role.rules
    req.role.rules.apiGroups req.role.rules.nonResourceURLs req.role.rules.resources req.role.rules.verbs
    req.service.ports req.service.type req.volume.hostpath resp.name response.code response.reason
    security.pod.violations sourceips stage target.name target.namespace target.pod.name target.resource
    target.subresource uri uri.param user.groups user.name useragent validations.admission.policy.failure verb
  `,
  proc: `
    aargs acmdline aenv aexe aexepath aname apid args cmdlenargs cmdline cmdnargs cwd duration env exe exe_ino
    exe_ino.ctime exe_ino.ctime_duration_pidns_start exe_ino.ctime_duration_proc_start exe_ino.mtime exeline
    exepath fdlimit fdopencount fdusage is_exe_from_memfd is_exe_lower_layer is_exe_upper_layer is_exe_writable
    is_pgid_leader is_sid_leader is_vpgid_leader loginshellid name nchilds nthreads pcmdline pexe pexepath pgid
    pgid.exe pgid.exepath pgid.name pid pid.ts pidns_init_start_ts pname ppid ppid.duration ppid.ts pvpid sid
    sid.exe sid.exepath sname stderr.name stderr.type stdin.name stdin.type stdout.name stdout.type tty vmrss
    vmsize vmswap vpgid vpgid.exe vpgid.exepath vpgid.name vpid
  `,
  thread: `
    cap_effective cap_inheritable cap_permitted cgroup cgroups cpu cpu.system cpu.user exectime ismain nametid
    pfmajor pfminor tid totexectime vmrss vmrss.b vmsize vmsize.b vtid
  `,
  user: `
    homedir loginname loginuid name shell uid
  `,
} as const;

export const FALCO_FIELDS: ReadonlySet<string> = new Set(
  Object.entries(NAMES).flatMap(([group, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => `${group}.${name}`),
  ),
);

/** Arguments are left aside: `proc.aname[2]`, `evt.arg.flags`. */
function isFalcoField(field: string): boolean {
  const [name] = field.split('[', 1);
  return FALCO_FIELDS.has(name!) || name!.startsWith('evt.arg.');
}

/** The field that was probably meant by one that neither Falco nor any alert knows. */
export function likelyField(field: string, known: ReadonlySet<string>): string | undefined {
  return known.has(field) || isFalcoField(field) ? undefined : nearest(field, known.union(FALCO_FIELDS));
}
