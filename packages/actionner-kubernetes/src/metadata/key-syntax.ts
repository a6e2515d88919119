/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const LONGEST_PREFIX = 253;
export const LONGEST_NAME = 63;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
// `~` is in no key of today's API; whether it may be is left to the API server, which has the last word on all of this.
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.~]*[A-Za-z0-9])?$/;

/** What is wrong with the key of a label or annotation, for the person who wrote it; undefined when nothing is. */
export function keyProblem(what: 'label' | 'annotation', key: string): string | undefined {
  const cannot = `${shown(key)} cannot be ${what === 'label' ? 'a' : 'an'} ${what}'s key`;
  const slash = key.indexOf('/');
  const prefix = slash === -1 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix !== undefined && (prefix.length > LONGEST_PREFIX || !PREFIX.test(prefix))) {
    return `${cannot}: what stands before the / must be a DNS name in lower case of at most ${LONGEST_PREFIX} characters`;
  }
  if (name.length > LONGEST_NAME || !NAME.test(name)) {
    return `${cannot}: its name must have 1 to ${LONGEST_NAME} letters, digits, -, _ and ., with a letter or digit at both ends`;
  }
  return undefined;
}

export function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}
