import { isExactNumber, valueText, type ExactNumber } from '@falco-talon/core';
import type { EventView } from '../match/event-view.ts';
import type { Operand, Transformer } from './expression.ts';
import { printOperand } from './print-condition.ts';

/** What an alert has there: nothing, a text (booleans and objects as their text), a number, or the members of a list. */
export type Value = undefined | string | number | ExactNumber | ReadonlySet<string>;

export type ReadValue = (view: EventView) => Value;

/** Absent is what is not there, null, an empty list, and what a transformer cannot take. */
export function compileOperand(operand: Operand): ReadValue {
  const { transformers, ...source } = operand;
  const read = source.kind === 'own' ? readOwn(source.name) : readField(source.name);
  if (transformers.length === 0) return read;
  const key = printOperand(operand);
  const transform = (view: EventView) =>
    transformers.reduce<Value>((value, transformer) => applyTransformer(transformer, value), read(view));
  // Once per alert, however many rules ask.
  return (view) => view.once(key, () => transform(view));
}

function readField(name: string): ReadValue {
  const key = `[]${name}`;
  return (view) => {
    const value = view.event.fields.get(name);
    if (typeof value === 'string' || typeof value === 'number') return value;
    if (typeof value !== 'object' || value === null || isExactNumber(value)) {
      return typeof value === 'boolean' ? String(value) : ((value as ExactNumber | null | undefined) ?? undefined);
    }
    return Array.isArray(value) ? view.once(key, () => members(value)) : view.text(name);
  };
}

function readOwn(name: string): ReadValue {
  if (name === 'tags') return (view) => view.once('tags', () => members(view.event.tags));
  return ({ event }) => {
    switch (name) {
      case 'rule':
        return event.rule;
      case 'priority':
        return event.priority;
      case 'source':
        return event.source;
      case 'hostname':
        return event.hostname === '' ? undefined : event.hostname;
      default:
        return event.output === '' ? undefined : event.output;
    }
  };
}

function members(list: readonly unknown[]): ReadonlySet<string> | undefined {
  return list.length === 0 ? undefined : new Set(list.map((item) => valueText(item) ?? 'null'));
}

/** The text of what is neither absent nor a list. */
export function textOf(value: Value): string | undefined {
  if (typeof value === 'string' || value === undefined) return value;
  if (typeof value === 'number') return String(value);
  return isSet(value) ? undefined : value.rawJSON;
}

export function isSet(value: Value): value is ReadonlySet<string> {
  return value instanceof Set;
}

function applyTransformer(transformer: Transformer, value: Value): Value {
  if (transformer === 'len') {
    if (isSet(value)) return value.size;
    return typeof value === 'string' ? Buffer.byteLength(value) : undefined;
  }
  if (isSet(value)) {
    const texts = [...value].map((text) => transformText(transformer, text)).filter((text) => text !== undefined);
    return texts.length === 0 ? undefined : new Set(texts);
  }
  const text = textOf(value);
  return text === undefined ? undefined : transformText(transformer, text);
}

function transformText(transformer: Exclude<Transformer, 'len'>, text: string): string | undefined {
  switch (transformer) {
    case 'tolower':
      return foldCase(text);
    case 'toupper':
      return text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase());
    case 'basename':
      return text.slice(text.lastIndexOf('/') + 1);
    case 'b64':
      return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64').toString() : undefined;
  }
}

/** Letters A to Z only, as Falco does: no other letter turns into one of them. */
export function foldCase(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
