/** For specs: what rules come to, tried one by one as the guide says it in words. Shares no code with the matcher. */

export type ConditionGiven =
  | { readonly field: string; readonly operator: string; readonly values: readonly string[] }
  | { readonly all: readonly ConditionGiven[] }
  | { readonly any: readonly ConditionGiven[] }
  | { readonly not: ConditionGiven };

export interface RuleGiven {
  readonly match: {
    readonly rules?: readonly string[];
    readonly priority?: readonly [comparator: string, priority: string];
    readonly source?: string;
    readonly tags?: readonly (readonly string[])[];
    readonly fields?: readonly (readonly {
      readonly field: string;
      readonly operator: string;
      readonly value: string;
    }[])[];
    readonly condition?: ConditionGiven;
  };
  readonly continue: boolean;
  readonly macro: boolean;
}

export interface AlertGiven {
  readonly rule: string;
  readonly priority: string;
  readonly source: string;
  readonly hostname: string;
  readonly tags: readonly string[];
  readonly fields: readonly (readonly [string, unknown])[];
}

/** The numbers of the rules that match: in order, none after one that matches and does not continue. */
export function scan(rules: readonly RuleGiven[], alert: AlertGiven): number[] {
  const found: number[] = [];
  for (const [n, rule] of rules.entries()) {
    if (!matches(rule.match, alert)) continue;
    found.push(n);
    if (!rule.continue) break;
  }
  return found;
}

function matches({ rules, priority, source, tags, fields, condition }: RuleGiven['match'], alert: AlertGiven): boolean {
  if (rules && !rules.includes(alert.rule)) return false;
  if (priority && !severe(alert.priority, ...priority)) return false;
  if (source !== undefined && oneName(source) !== oneName(alert.source)) return false;
  if (tags && !tags.some((group) => group.every((tag) => alert.tags.includes(tag)))) return false;
  const compared = (one: { readonly field: string; readonly operator: string; readonly value: string }) =>
    (textIn(fieldOf(alert, one.field)) === one.value) === (one.operator === '=');
  if (fields && !fields.some((group) => group.every(compared))) return false;
  return !condition || holds(condition, alert);
}

const SEVERITY = 'Debug Informational Notice Warning Error Critical Alert Emergency'.split(' ');

function severe(priority: string, comparator: string, limit: string): boolean {
  if (!SEVERITY.includes(priority)) return false;
  const difference = SEVERITY.indexOf(priority) - SEVERITY.indexOf(limit);
  if (difference === 0) return comparator.includes('=');
  return comparator.includes(difference > 0 ? '>' : '<');
}

function oneName(source: string): string {
  if (source === '' || source === 'syscalls') return 'syscall';
  return source === 'k8saudit' ? 'k8s_audit' : source;
}

function fieldOf({ fields }: AlertGiven, name: string): unknown {
  return fields.find(([field]) => field === name)?.[1];
}

/** Texts as they are, lists and objects as JSON; undefined for what is absent or null. */
function textIn(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function holds(condition: ConditionGiven, alert: AlertGiven): boolean {
  if ('all' in condition) return condition.all.every((part) => holds(part, alert));
  if ('any' in condition) return condition.any.some((part) => holds(part, alert));
  if ('not' in condition) return !holds(condition.not, alert);
  const { field, operator, values } = condition;
  if (field === 'priority') return severe(alert.priority, operator, values[0]!);
  if (field === 'source') return (oneName(values[0]!) === oneName(alert.source)) === (operator === '=');
  const own: Readonly<Record<string, unknown>> = {
    rule: alert.rule,
    hostname: alert.hostname || null,
    tags: alert.tags,
  };
  const seen = Object.hasOwn(own, field) ? own[field] : fieldOf(alert, field);
  // An absent field makes every comparison false; an empty list is absent.
  if (seen === undefined || seen === null || (Array.isArray(seen) && seen.length === 0)) return false;
  if (operator === 'exists') return true;
  if (Array.isArray(seen)) {
    const items = seen.map((item) => textIn(item)!);
    if (operator === 'in') return items.every((item) => values.includes(item));
    return operator === 'intersects' && items.some((item) => values.includes(item));
  }
  const text = textIn(seen)!;
  if (operator === 'startswith') return text.startsWith(values[0]!);
  if (operator === 'contains') return text.includes(values[0]!);
  return values.some((wanted) => equal(seen, text, wanted)) === (operator !== '!=');
}

/** Texts letter by letter, numbers by what they are worth. */
function equal(seen: unknown, text: string, wanted: string): boolean {
  if (text === wanted) return true;
  return typeof seen === 'number' && /^\d+(\.\d+)?$/.test(wanted) && Number(wanted) === seen;
}

export function conditionText(condition: ConditionGiven): string {
  if ('all' in condition) return `(${condition.all.map(conditionText).join(' and ')})`;
  if ('any' in condition) return `(${condition.any.map(conditionText).join(' or ')})`;
  if ('not' in condition) return `not (${conditionText(condition.not)})`;
  const { field, operator, values } = condition;
  const own = ['rule', 'hostname', 'tags', 'source', 'priority'].includes(field);
  const left = own || field.includes('.') ? field : `output_fields[${field}]`;
  if (operator === 'exists') return `${left} exists`;
  const texts = values.map((value) => JSON.stringify(value));
  return `${left} ${operator} ${operator.startsWith('in') ? `(${texts.join(', ')})` : texts[0]}`;
}
