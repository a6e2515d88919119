import { valueText, type FalcoEvent } from '@falco-talon/core';

/** One event as criteria see it. Work that a hostile event could make expensive is done once, however many rules ask. */
export interface EventView {
  readonly event: FalcoEvent;
  /** The text of an output field; undefined when it is absent or null. */
  text(field: string): string | undefined;
  hasTag(tag: string): boolean;
  /** What `compute` gives, computed once per event and key. */
  once<T>(key: unknown, compute: () => T): T;
}

/** Below this, a scan of the list is faster than building a set. */
const FEW_TAGS = 16;

export function viewEvent(event: FalcoEvent): EventView {
  let tags: ReadonlySet<string> | undefined;
  let jsonTexts: Map<string, string | undefined> | undefined;
  let results: Map<unknown, unknown> | undefined;

  return {
    event,
    text(field) {
      const value = event.fields.get(field);
      if (typeof value !== 'object' || value === null) return valueText(value);
      jsonTexts ??= new Map();
      if (!jsonTexts.has(field)) jsonTexts.set(field, valueText(value));
      return jsonTexts.get(field);
    },
    hasTag(tag) {
      if (event.tags.length <= FEW_TAGS) return event.tags.includes(tag);
      tags ??= new Set(event.tags);
      return tags.has(tag);
    },
    once<T>(key: unknown, compute: () => T): T {
      results ??= new Map();
      if (!results.has(key)) results.set(key, compute());
      return results.get(key) as T;
    },
  };
}
