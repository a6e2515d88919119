/** Keys of the alert itself that a condition may name; every other field is one of `output_fields`. */
export const OWN_KEYS = ['rule', 'priority', 'source', 'hostname', 'tags', 'output'] as const;

export const TRANSFORMERS = ['tolower', 'toupper', 'len', 'basename', 'b64'] as const;
export type Transformer = (typeof TRANSFORMERS)[number];

export const ORDER_OPERATORS = ['<', '<=', '>', '>='] as const;
export const SET_OPERATORS = ['in', 'intersects'] as const;
/** What stands before a list in parentheses. */
export const LIST_OPERATORS = [...SET_OPERATORS, 'pmatch'] as const;
export const TEXT_OPERATORS = ['contains', 'icontains', 'startswith', 'endswith', 'glob', 'iglob', 'regex'] as const;
/** `==` is `=`. */
export type Operator =
  | '='
  | '!='
  | 'exists'
  | (typeof ORDER_OPERATORS)[number]
  | (typeof LIST_OPERATORS)[number]
  | (typeof TEXT_OPERATORS)[number];

/** How many of the values in a list must fit: exactly one, any, all. */
export const MODIFIERS = ['oneof', 'anyof', 'allof'] as const;
export type Modifier = (typeof MODIFIERS)[number];

/** What is compared: a key of the alert or an output field, as it is or transformed. */
export interface Operand {
  readonly kind: 'own' | 'field';
  /** For an output field the whole key: `k8s.ns.label[a-b/c]`. */
  readonly name: string;
  /** The innermost first. */
  readonly transformers: readonly Transformer[];
}

export interface Comparison<V = string> {
  readonly kind: 'comparison';
  readonly operand: Operand;
  readonly operator: Operator;
  readonly modifier?: Modifier;
  /** None for `exists`, one for most, any number for lists. Empty when `other` is given. */
  readonly values: readonly V[];
  /** The right side, when it is a field too: `val(proc.pname)`. */
  readonly other?: Operand;
}

/** `and` and `or` have at least two parts, none of them of their own kind; what `not` negates is no `not`. */
export type Expression =
  | Comparison
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly part: Expression }
  | { readonly kind: 'macro'; readonly name: string; readonly part: Expression };

/** A value as it was written. Without quotes it may be the name of a list. */
export interface Word {
  readonly text: string;
  readonly quoted: boolean;
  readonly offset: number;
}

export interface ParsedComparison extends Comparison<Word> {
  readonly offset: number;
  readonly operatorOffset: number;
  /** True when the values stood in parentheses, or the operator takes a list. */
  readonly list: boolean;
}

/** As it was written: macros and lists by name. */
export type ParsedExpression =
  | ParsedComparison
  | { readonly kind: 'and' | 'or'; readonly parts: readonly ParsedExpression[] }
  | { readonly kind: 'not'; readonly part: ParsedExpression }
  | { readonly kind: 'macro'; readonly name: string; readonly offset: number };

/** What is wrong with a condition, and where in its text. */
export interface ConditionProblem {
  readonly offset: number;
  readonly message: string;
}

export function isOneOf<const T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word);
}
