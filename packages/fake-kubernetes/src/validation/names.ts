import { isIPv4, isIPv6 } from 'node:net';
import type { NameRule } from '../resources/resource.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const NAME_PART = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const NAME_PART_TEXT =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const tooLong = (limit: number): string => `must be no more than ${limit} bytes`;

function problems(...checks: readonly (readonly [boolean, string])[]): readonly string[] {
  return checks.filter(([wrong]) => wrong).map(([, text]) => text);
}

/** What is wrong with the name of an object, in the server's words. */
export function nameProblems(rule: NameRule, name: string): readonly string[] {
  const size = Buffer.byteLength(name);
  switch (rule) {
    case 'label':
      return problems([size > 63, tooLong(63)], [!LABEL.test(name), LABEL_TEXT]);
    case 'subdomain':
      return problems([size > 253, tooLong(253)], [!SUBDOMAIN.test(name), SUBDOMAIN_TEXT]);
    default:
      return problems(
        [name === '.', "may not be '.'"],
        [name === '..', "may not be '..'"],
        [name.includes('/'), "may not contain '/'"],
        [name.includes('%'), "may not contain '%'"],
      );
  }
}

/** A label or annotation key: an optional DNS prefix, a slash, a name. */
export function keyProblems(key: string): readonly string[] {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [
      "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  }
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const ofPrefix =
    prefix === undefined
      ? []
      : problems(
          [prefix === '', 'prefix part must be non-empty'],
          [Buffer.byteLength(prefix) > 253, `prefix part ${tooLong(253)}`],
          [prefix !== '' && !SUBDOMAIN.test(prefix), `prefix part ${SUBDOMAIN_TEXT}`],
        );
  const ofName = problems(
    [name === '', 'name part must be non-empty'],
    [Buffer.byteLength(name) > 63, `name part ${tooLong(63)}`],
    [!NAME_PART.test(name), NAME_PART_TEXT],
  );
  return [...ofPrefix, ...ofName];
}

export function labelValueProblems(value: string): readonly string[] {
  return problems([Buffer.byteLength(value) > 63, tooLong(63)], [!LABEL_VALUE.test(value), VALUE_TEXT]);
}

/** An address, a slash and a prefix length that fits the family. */
export function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^\d{1,3}$/.test(prefix)) return false;
  if (isIPv4(address)) return Number(prefix) <= 32;
  return isIPv6(address) && !address.includes('%') && Number(prefix) <= 128;
}
