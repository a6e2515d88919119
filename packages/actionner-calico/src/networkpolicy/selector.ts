import { isTalonError, TalonError } from '@falco-talon/core';
import type { LabelSelector, Requirement } from '@falco-talon/client-kubernetes';

/** What Calico reads as the name of a label. */
const IDENTIFIER = /^[A-Za-z0-9_./-]+$/;
/** The bound of Calico's public API. */
const LONGEST = 1024;

/**
 * A label selector in Calico's language.
 * https://docs.tigera.io/calico/latest/reference/resources/networkpolicy#selectors
 * @throws TalonError `unsupported` for one that cannot be said in it
 */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const terms = [
    ...Object.entries(matchLabels).map(([key, value]) => `${identifier(key)} == ${literal(value)}`),
    ...matchExpressions.map(requirementText),
  ];
  const text = terms.length === 0 ? 'all()' : terms.join(' && ');
  if (text.length <= LONGEST) return text;
  throw new TalonError(
    'unsupported',
    `the selector of its owner is longer than the ${LONGEST} characters Calico takes`,
  );
}

/** Why a selector cannot be said in Calico's language; undefined when it can. */
export function unsayable(selector: LabelSelector): string | undefined {
  try {
    selectorText(selector);
    return undefined;
  } catch (error) {
    if (isTalonError(error)) return error.message;
    throw error;
  }
}

function requirementText({ key, operator, values = [] }: Requirement): string {
  const name = identifier(key);
  const set = `{ ${values.map(literal).join(', ')} }`;
  switch (operator) {
    case 'In':
      return `${name} in ${set}`;
    case 'NotIn':
      return `${name} not in ${set}`;
    case 'Exists':
      return `has(${name})`;
    case 'DoesNotExist':
      return `!has(${name})`;
    default:
      throw new TalonError('unsupported', `the selector of its owner has the operator ${JSON.stringify(operator)}`);
  }
}

function identifier(key: string): string {
  if (IDENTIFIER.test(key)) return key;
  throw new TalonError('unsupported', `${JSON.stringify(key.slice(0, 80))} cannot be a label in a selector of Calico`);
}

/** The language has no escapes: a literal ends with the quote it began with. */
function literal(value: string): string {
  for (const quote of ["'", '"']) if (!value.includes(quote)) return `${quote}${value}${quote}`;
  throw new TalonError(
    'unsupported',
    `${JSON.stringify(value.slice(0, 80))} cannot be a value in a selector of Calico: it holds both kinds of quotes`,
  );
}
