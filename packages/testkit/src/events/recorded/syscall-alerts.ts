import type { RecordedAlert } from './recorded-alert.ts';

/** From Falco's own rules about system calls. */
export const SYSCALL_ALERTS: readonly RecordedAlert[] = [
  {
    name: 'shell-with-tags',
    about: 'the form the Falco documentation shows: 19-digit time, negative login uid',
    text: String.raw`{"hostname":"falco-q7k2d","output":"10:12:01.123456789: Critical A shell was spawned in a container with an attached terminal (user=root user_loginuid=-1 k8s.ns=shop k8s.pod=cart-0 container=0a1b2c3d4e5f shell=sh parent=runc cmdline=sh -c clear; (bash || sh) terminal=34816)","priority":"Critical","rule":"Terminal shell in container","source":"syscall","tags":["container","mitre_execution","shell"],"time":"2025-03-04T10:12:01.123456789Z", "output_fields": {"container.id":"0a1b2c3d4e5f","container.image.repository":"docker.io/library/alpine","evt.time":1741083121123456789,"k8s.ns.name":"shop","k8s.pod.name":"cart-0","proc.cmdline":"sh -c clear; (bash || sh)","proc.name":"sh","proc.pname":"runc","proc.tty":34816,"user.loginuid":-1,"user.name":"root"}}`,
  },
  {
    name: 'shell-with-nulls',
    about: 'old form without source, tags and hostname; two nulls, <NA> in the text',
    text: String.raw`{"output":"22:01:44.834631701: Notice A shell was spawned in a container with an attached terminal (user=root user_loginuid=-1 k8s.ns=shop k8s.pod=alpine container=1b2c3d4e5f60 shell=sh parent=<NA> cmdline=sh terminal=34817 image=<NA>)","priority":"Notice","rule":"Terminal shell in container","time":"2021-02-03T22:01:44.834631701Z", "output_fields": {"container.id":"1b2c3d4e5f60","container.image.repository":null,"evt.time":1612389704834631701,"k8s.ns.name":"shop","k8s.pod.name":"alpine","proc.cmdline":"sh","proc.name":"sh","proc.pname":null,"proc.tty":34817,"user.loginuid":-1,"user.name":"root"}}`,
  },
  {
    name: 'shell-in-deployment',
    about: 'old form; the pod of a Deployment',
    text: String.raw`{"output":"08:35:58.532086191: Notice A shell was spawned in a container with an attached terminal (user=root k8s.ns=shop k8s.pod=cart-77789455d6-m7flp container=2c3d4e5f6071 shell=sh cmdline=sh -c uptime)","priority":"Notice","rule":"Terminal shell in container","time":"2021-07-08T08:35:58.532086191Z", "output_fields": {"container.id":"2c3d4e5f6071","container.image.repository":"alpine","evt.time":1625733358532086191,"k8s.ns.name":"shop","k8s.pod.name":"cart-77789455d6-m7flp","proc.cmdline":"sh -c uptime","proc.name":"sh","proc.pname":"runc","proc.tty":34816,"user.loginuid":-1,"user.name":"root"}}`,
  },
  {
    name: 'shell-pretty-printed',
    about:
      'over many lines, indented; the pod of the text is not the one of the fields; digits already rounded by the sender',
    text: `{
    "output": "21:46:19.823027590: Notice A shell was spawned in a container with an attached terminal (user=root k8s.ns=shop k8s.pod=db-0 container=3d4e5f607182 shell=bash) k8s.ns=shop k8s.pod=db-6c4f9-wh44s",
    "priority": "Notice",
    "rule": "Terminal shell in container",
    "time": "2021-02-12T21:46:19.82302759Z",
    "output_fields": {
      "container.id": "3d4e5f607182",
      "evt.time": 1613166379823027700,
      "k8s.ns.name": "shop",
      "k8s.pod.name": "db-0",
      "proc.cmdline": "bash -il",
      "user.loginuid": -1,
      "user.name": "root"
    }
  }
`,
  },
  {
    name: 'contact-api-server',
    about: 'both ends of the connection in one field',
    text: String.raw`{"output":"17:27:21.038853401: Notice Unexpected connection to K8s API Server from container (command=handler k8s.ns=fn k8s.pod=mailer-7dc9f5fbb8-gbfk7 container=4e5f60718293 connection=172.17.0.9:43812->10.96.0.1:443)","priority":"Notice","rule":"Contact K8S API Server From Container","time":"2021-05-06T17:27:21.038853401Z", "output_fields": {"container.id":"4e5f60718293","container.image.tag":"latest","evt.time":1620322041038853401,"fd.name":"172.17.0.9:43812->10.96.0.1:443","k8s.ns.name":"fn","k8s.pod.name":"mailer-7dc9f5fbb8-gbfk7","proc.cmdline":"handler"}}`,
  },
  {
    name: 'write-below-binary-dir',
    about: 'no container; time and evt.time disagree by years',
    text: String.raw`{"output":"09:31:56.746609001: Error File below a known binary directory opened for writing (user=root command=touch /bin/hack file=/bin/hack)","hostname": "localhost", "priority":"Error","rule":"Write below binary dir","time":"2020-04-05T09:31:56.746609001Z", "output_fields": {"evt.time":1507591916746609001,"fd.name":"/bin/hack","proc.cmdline":"touch /bin/hack","user.name":"root"}}`,
  },
  {
    name: 'read-sensitive-file',
    about: 'on the host itself; keys with brackets, user.uid 0',
    text: String.raw`{"hostname":"x86","output":"16:50:34.502309801: Warning Sensitive file opened for reading by non-trusted program (file=/etc/shadow gparent=sudo ggparent=zsh user=root user_uid=0 process=cat command=cat /etc/shadow container_id=host)","output_fields":{"container.id":"host","container.name":"host","evt.time":1746715834502309801,"evt.type":"openat","fd.name":"/etc/shadow","proc.aname[2]":"sudo","proc.aname[3]":"zsh","proc.cmdline":"cat /etc/shadow","proc.name":"cat","proc.tty":34820,"user.loginuid":1000,"user.name":"root","user.uid":0},"priority":"Warning","rule":"Read sensitive file untrusted","source":"syscall","tags":["T1555","container","filesystem","host","maturity_stable","mitre_credential_access"],"time":"2025-05-08T14:50:34.502309801Z"}`,
  },
  {
    name: 'ptrace-placeholders',
    about: 'priority in capitals, source in the plural, fields that were never resolved, a tag with a dot',
    text: `{
    "output": "12:37:27.505989501: Warning Detected ptrace PTRACE_ATTACH attempt (evt_type=%evt.type user=%user.name %container.info)",
    "priority": "WARNING",
    "rule": "PTRACE attached to process",
    "time": "2023-11-12T12:37:27.505989501Z",
    "output_fields": {
        "container.info": "container.info",
        "evt.type": "evt.type",
        "user.name": "user.name"
    },
    "hostname": "host-7.local",
    "source": "syscalls",
    "tags": ["maturity_stable", "host", "mitre_privilege_escalation", "T1055.008"]
}`,
  },
];
