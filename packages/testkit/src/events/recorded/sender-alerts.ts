import type { RecordedAlert } from './recorded-alert.ts';

/** From senders that are not Falco: Falcosidekick's own tests, examples people paste. */
export const SENDER_ALERTS: readonly RecordedAlert[] = [
  {
    name: 'invalid-time',
    about: 'a time that is no RFC 3339; a 16-digit evt.time',
    text: `{"output":"A test event","priority":"Error","rule":"Fake rule","time":"2021-05-14T21:58:00.746609001Z+2", "output_fields": {"evt.time":1621029480746000,"fd.name":"/bin/hack","proc.cmdline":"touch /bin/hack","user.name":"root"}}`,
  },
  {
    name: 'numeric-tty',
    about: 'source in the plural, a number in the fields',
    text: `{"output":"This is a test","priority":"Debug","rule":"Test rule", "time":"2002-02-02T02:10:00Z","source":"syscalls","output_fields": {"proc.name":"sidekick", "proc.tty": 1234}, "tags":["test","example"], "hostname":"test-host"}`,
  },
  {
    name: 'hostname-twice',
    about: 'the hostname also as a field, no source',
    text: `{"output":"This is a test","priority":"Debug","rule":"Test rule","hostname":"test-host","time":"2002-02-02T02:10:00Z","output_fields": {"hostname": "test-host", "proc.name":"sidekick", "proc.tty": 1234}}`,
  },
  {
    name: 'capital-rule-key',
    about: 'the key Rule in capitals',
    text: `{"output":"Test","priority":"Critical","Rule":"Test Terminate","time":"2020-04-05T09:31:56.746609001Z", "output_fields": {"k8s.pod.name":"test", "k8s.ns.name":"default"}}`,
  },
];
