const SAME_SOURCE: ReadonlyMap<string, string> = new Map([
  ['', 'syscall'],
  ['syscalls', 'syscall'],
  ['k8saudit', 'k8s_audit'],
]);

/** Senders and rules spell Falco's two main sources in two ways; an alert without a source comes from system calls. */
export function normaliseSource(source: string): string {
  return SAME_SOURCE.get(source) ?? source;
}
