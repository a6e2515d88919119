import { tokenName, type Actionner } from '@falco-talon/core';
import type { RuleAction } from '../rules/rule.ts';
import type { Alerts } from './alerts-of.ts';
import { likelyField } from './falco-fields.ts';
import { listedFields } from './finding-words.ts';
import { fieldOfToken, usedTokens } from './used-tokens.ts';

/** Something an action needs of an alert and never gets. */
export interface Missing {
  /** `fd.rip or fd.sip` */
  readonly words: string;
  /** The field of it that Falco can add to alerts of this source; undefined when it can add none. */
  readonly field: string | undefined;
}

/** The fields an actionner cannot do without, and the tokens in an action's parameters. */
export function missingFields(
  action: RuleAction,
  { requiredFields = [] }: Pick<Actionner, 'requiredFields'>,
  tokens: ReadonlySet<string>,
  known: ReadonlySet<string>,
  alerts: Alerts,
): readonly Missing[] {
  const { rule, fields } = alerts;
  const required = requiredFields
    .map((choices) => (typeof choices === 'string' ? [choices] : choices))
    .filter((choices) => !choices.some((field) => isUseful(field, choices, fields)))
    .map((choices) => ({ words: choices.join(' or '), field: addable(choices, fields, rule.source) }));
  const carried = new Set(Array.from(fields, tokenName));
  const named = usedTokens(action, known)
    .filter((token) => !carried.has(token) && !tokens.has(token))
    .map((token) => {
      const field = fieldOfToken(token, known);
      return {
        words: `${listedFields([field], known)} (for ${token})`,
        field: likelyField(field, known) === undefined ? addable([field], fields, rule.source) : undefined,
      };
    });
  return [...required, ...named];
}

/** An object of the audit log is a pod only when the alert says so; see `podName`. */
function isUseful(field: string, choices: readonly string[], fields: ReadonlySet<string>): boolean {
  const mayBeAnything = field === 'ka.target.name' && choices.length > 1;
  return fields.has(field) && (!mayBeAnything || fields.has('ka.target.resource'));
}

function addable(choices: readonly string[], fields: ReadonlySet<string>, source: string): string | undefined {
  const possible = choices.filter((field) => canCarry(source, field));
  if (possible.includes('ka.target.name') && fields.has('ka.target.name')) return 'ka.target.resource';
  return possible[0];
}

const OF_SYSCALLS = /^(?:proc|thread|user|group|fd|fs|container|k8s)\./;

/** Falco fills fields of system calls, the container plugin's among them, for system calls only. */
export function canCarry(source: string, field: string): boolean {
  if (OF_SYSCALLS.test(field)) return source === 'syscall';
  return field.startsWith('ka.') ? source === 'k8s_audit' : !field.startsWith('falco-talon.');
}
