import { parseJson, type JsonSchema } from '@falco-talon/core';

/** The value a variable's text stands for; a sentence when it stands for none. Never repeats the text: it may be a secret. */
export function parseVariable(text: string, { type }: JsonSchema): { readonly value: unknown } | string {
  if (type === 'array') return parseList(text);
  if (type !== 'object') return { value: text };
  const map = fromJson(text);
  return typeof map === 'object' && map !== null && !Array.isArray(map)
    ? { value: map }
    : 'must be a map written as JSON: {"key": "value"}';
}

/** Commas separate; a list whose items contain commas is written as JSON. */
function parseList(text: string): { readonly value: unknown } | string {
  if (!text.trimStart().startsWith('[')) {
    const items = text.split(',').map((item) => item.trim());
    return { value: items.filter((item) => item !== '') };
  }
  const list = fromJson(text);
  return Array.isArray(list) ? { value: list } : 'begins with [ and is no list in JSON: ["a", "b"]; or write a, b';
}

/** Numbers keep their digits. */
function fromJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
