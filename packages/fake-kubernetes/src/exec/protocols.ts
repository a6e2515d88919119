export const V5 = 'v5.channel.k8s.io';

/** What a 1.36 server speaks here. Without a subprotocol it says nothing of how the command ended. */
export const EXEC_PROTOCOLS: readonly string[] = [V5, 'v4.channel.k8s.io', 'channel.k8s.io'];

/** The first one of the client's list that the server knows; `undefined` when it knows none. */
export function chooseProtocol(header: string | undefined, known: readonly string[]): string | undefined {
  if (header === undefined || header.trim() === '') return '';
  return header
    .split(',')
    .map((name) => name.trim())
    .find((name) => known.includes(name));
}
