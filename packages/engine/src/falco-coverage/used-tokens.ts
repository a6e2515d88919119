import { respellOwnTokens, tokenName, type Context } from '@falco-talon/core';
import type { RuleAction } from '../rules/rule.ts';
import { FALCO_FIELDS } from './falco-fields.ts';

const SHELL_PARAMETERS: ReadonlySet<string> = new Set(['command', 'script']);
/** Classes of Falco's own fields and those of its plugins for Kubernetes; a shell's own variables are none of them. */
const CLASSES = ['evt', 'proc', 'thread', 'user', 'group', 'fd', 'fs', 'container', 'k8s', 'ka', 'jevt', 'json'];

/**
 * The values of the alert that an action's parameters name: `${PROC_EXEPATH}`, in commands and scripts also
 * `$PROC_EXEPATH`. What only looks like one, `$HOME` or `${1}`, is none.
 * @param known fields some alert carries
 */
export function usedTokens({ parameters }: RuleAction, known: Iterable<string>): readonly string[] {
  const classes = new Set([...CLASSES, ...Array.from(known, (field) => field.split('.', 1)[0]!)]);
  const prefixes = new Set(Array.from(classes, (name) => `${tokenName(name)}_`));
  const found = new Set<string>();
  const collect = (value: unknown, shell: boolean): void => {
    if (typeof value === 'string') {
      const pattern = shell ? /\$\{?([A-Z_][A-Z0-9_]*)/g : /\$\{([^}]*)\}/g;
      for (const [, name] of respellOwnTokens(value).matchAll(pattern)) {
        const token = tokenName(name!);
        if (prefixes.has(token.slice(0, token.indexOf('_') + 1))) found.add(token);
      }
    } else if (Array.isArray(value)) value.forEach((item) => collect(item, shell));
    else if (typeof value === 'object' && value !== null)
      Object.values(value).forEach((item: unknown) => collect(item, shell));
  };
  for (const [key, value] of Object.entries(parameters)) collect(value, SHELL_PARAMETERS.has(key));
  return [...found];
}

/** The tokens that these contexts may add. */
export function contextTokens(contexts: readonly Context[]): ReadonlySet<string> {
  const names = contexts.flatMap(({ elements, aliases }) => [...Object.keys(elements), ...Object.keys(aliases ?? {})]);
  return new Set(names.map(tokenName));
}

/** The field a token stands for; a guess when neither Falco nor any alert has one. */
export function fieldOfToken(token: string, known: Iterable<string>): string {
  for (const fields of [known, FALCO_FIELDS]) {
    for (const field of fields) if (tokenName(field) === token) return field;
  }
  const [, name, index] = /^(.*?)(?:_(\d+))?$/.exec(token.toLowerCase()) ?? ['', ''];
  const field = name!.replaceAll('_', '.');
  return index === undefined ? field : `${field}[${index}]`;
}
