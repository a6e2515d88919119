/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const LONGEST_PREFIX = 253;
const LONGEST_NAME = 63;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
// `~` is in no label of today's API; whether it may be is left to the API server, which has the last word on all of this.
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.~]*[A-Za-z0-9])?$/;
const VALUE = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** What is wrong with a label's key, for the person who wrote it; undefined when nothing is. */
export function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = slash === -1 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix !== undefined && (prefix.length > LONGEST_PREFIX || !PREFIX.test(prefix))) {
    return `${shown(key)} cannot be a label's key: what stands before the / must be a DNS name in lower case of at most ${LONGEST_PREFIX} characters`;
  }
  if (name.length > LONGEST_NAME || !NAME.test(name)) {
    return `${shown(key)} cannot be a label's key: its name must have 1 to ${LONGEST_NAME} letters, digits, -, _ and ., with a letter or digit at both ends`;
  }
  return undefined;
}

/** As `labelKeyProblem`; the empty value deletes the label and is always right. */
export function labelValueProblem(value: string): string | undefined {
  if (value === '' || (value.length <= LONGEST_NAME && VALUE.test(value))) return undefined;
  const hint = value.includes('${') ? '; values of the event are not filled in here' : '';
  return `${shown(value)} cannot be a label's value: at most ${LONGEST_NAME} letters, digits, -, _ and ., with a letter or digit at both ends${hint}`;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}
