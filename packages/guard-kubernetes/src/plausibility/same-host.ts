import { isIP } from 'node:net';

/** Whether Falco's word for the machine means this node: in any case, and with or without the domain. */
export function isSameHost(hostname: string, node: string): boolean {
  const [a, b] = [hostname.toLowerCase(), node.toLowerCase()];
  if (a === b) return true;
  if (isIP(a) !== 0 || isIP(b) !== 0) return false;
  return a === firstLabel(b) || firstLabel(a) === b;
}

function firstLabel(name: string): string {
  return name.split('.', 1)[0]!;
}
