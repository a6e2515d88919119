import type { RecordedAlert } from './recorded-alert.ts';

/** From Falco about itself. */
export const INTERNAL_ALERTS: readonly RecordedAlert[] = [
  {
    name: 'metrics-snapshot',
    about: 'source internal, no tags; 0.0 and other fractions, several 19-digit integers',
    text: `{
  "hostname": "test",
  "output": "Falco metrics snapshot",
  "output_fields": {
    "evt.source": "syscall",
    "evt.time": 1748553598960296801,
    "falco.duration_sec": 80,
    "falco.evts_rate_sec": 1846.4,
    "falco.host_boot_ts": 1748552138000000000,
    "falco.host_netinfo.interfaces.eth0.protocols.ipv4.addresses": "192.0.2.1",
    "falco.num_evts": 276408,
    "falco.outputs_queue_num_drops": 0,
    "falco.start_ts": 1748553518881742901,
    "falco.version": "0.41.0",
    "scap.n_drops_perc": 0.0
  },
  "priority": "Informational",
  "rule": "Falco internal: metrics snapshot",
  "source": "internal",
  "time": "2025-05-29T21:19:58.960296801Z"
}`,
  },
  {
    name: 'metrics-snapshot-bare',
    about: 'only rule and output_fields',
    text: `{
  "output_fields": {
    "evt.source": "syscall",
    "falco.n_drops_full_threadtable": 0,
    "falco.n_retrieve_evts_drops": 0 
  },
  "rule": "Falco internal: metrics snapshot"
}`,
  },
  {
    name: 'event-drop-odd-keys',
    about: 'keys with a slash, spaces, a question mark and brackets that do not match',
    text: `{"hostname":"host","output":"Falco internal: syscall event drop. 1508 system calls dropped in last second.","output_fields":{"ebpf/enabled":"1","n drops/buffer?clone{fork]enter":"0","n_drops_buffer_clone_fork_exit":"0"},"priority":"Debug","rule":"Falco internal: syscall event drop","time":"2023-04-04T04:04:04.000000004Z"}`,
  },
  {
    name: 'event-drop-numbers',
    about: 'numbers as numbers, no source, no tags',
    text: `{"hostname":"host","output":"Falco internal: syscall event drop. 1508 system calls dropped in last second.","output_fields":{"n_drops":1508,"n_drops_buffer_total":1508,"n_drops_bug":0,"n_evts":2270},"priority":"Debug","rule":"Falco internal: syscall event drop","time":"2023-04-04T04:04:04.000000004Z"}`,
  },
];
