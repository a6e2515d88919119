import { badRequest } from '../server/refusals.ts';

export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean;
type Requirement = LabelSelector;

const TOKEN = /\s*(==|=|!=|!|>|<|\(|\)|,|[^\s=!<>(),]+)/y;
const PUNCTUATION = new Set(['==', '=', '!=', '!', '>', '<', '(', ')', ',']);

function lex(text: string): readonly string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) break;
    found.push(token);
  }
  return found;
}

function unparsable(found: string, expected: string): Error {
  return badRequest(`unable to parse requirement: found '${found}', expected: ${expected}`);
}

const has = (labels: Readonly<Record<string, string>>, key: string): boolean => Object.hasOwn(labels, key);

/** The list selector of the API: `a=b,c!=d,e in (x,y),f notin (z),g,!h`. @throws Refusal 400 in the server's words. */
export function parseLabelSelector(text: string): LabelSelector {
  const tokens = lex(text);
  let position = 0;
  const peek = (): string => tokens[position] ?? '';
  const next = (): string => tokens[position++] ?? '';
  const identifier = (): string => {
    const token = next();
    if (token === '' || PUNCTUATION.has(token)) throw unparsable(token, 'identifier');
    return token;
  };
  const values = (): readonly string[] => {
    if (next() !== '(') throw unparsable(tokens[position - 1] ?? '', "'('");
    const found: string[] = [];
    while (peek() !== ')') {
      if (peek() === ',') next();
      else found.push(identifier());
    }
    next();
    return found;
  };
  const exact = (): string => (peek() === '' || peek() === ',' ? '' : identifier());
  const requirement = (): Requirement => {
    if (peek() === '!') {
      next();
      const absent = identifier();
      return (labels) => !has(labels, absent);
    }
    const key = identifier();
    const operator = peek();
    if (operator === '' || operator === ',') return (labels) => has(labels, key);
    next();
    if (operator === '=' || operator === '==') {
      const value = exact();
      return (labels) => has(labels, key) && labels[key] === value;
    }
    if (operator === '!=') {
      const value = exact();
      return (labels) => !has(labels, key) || labels[key] !== value;
    }
    if (operator === 'in' || operator === 'notin') {
      const wanted = values();
      const among: Requirement = (labels) => has(labels, key) && wanted.includes(labels[key] ?? '');
      return operator === 'in' ? among : (labels) => !among(labels);
    }
    if (operator === '>' || operator === '<') {
      const bound = Number(identifier());
      return (labels) =>
        has(labels, key) && (operator === '>' ? Number(labels[key]) > bound : Number(labels[key]) < bound);
    }
    throw unparsable(operator, "in, notin, =, ==, !=, gt, lt, ',' or end of selector".replace(/ or .*/, ''));
  };
  const requirements: Requirement[] = [];
  while (position < tokens.length) {
    requirements.push(requirement());
    if (position < tokens.length && next() !== ',') throw unparsable(tokens[position - 1] ?? '', "','");
  }
  return (labels) => requirements.every((fits) => fits(labels));
}
