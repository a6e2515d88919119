import { keyProblem, LONGEST_NAME, shown } from '../metadata/key-syntax.ts';

const VALUE = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** What is wrong with a label's key, for the person who wrote it; undefined when nothing is. */
export function labelKeyProblem(key: string): string | undefined {
  return keyProblem('label', key);
}

/** As `labelKeyProblem`; the empty value deletes the label and is always right. */
export function labelValueProblem(value: string): string | undefined {
  if (value === '' || (value.length <= LONGEST_NAME && VALUE.test(value))) return undefined;
  const hint = value.includes('${') ? '; values of the event are not filled in here' : '';
  return `${shown(value)} cannot be a label's value: at most ${LONGEST_NAME} letters, digits, -, _ and ., with a letter or digit at both ends${hint}`;
}
