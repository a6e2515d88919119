import { at, isObject, textAt } from '../json.ts';
import type { LabelSelector } from './label-selector.ts';

/**
 * The `selector` of an object: `matchLabels` and `matchExpressions`. An empty one fits everything, an absent one nothing.
 */
export function selectorOfObject(selector: unknown): LabelSelector {
  if (!isObject(selector)) return () => false;
  const labelsOf = at(selector, 'matchLabels');
  const wanted = isObject(labelsOf) ? Object.entries(labelsOf) : [];
  const list = at(selector, 'matchExpressions');
  const expressions = Array.isArray(list) ? list : [];
  return (labels) =>
    wanted.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value) &&
    expressions.every((expression) => {
      const key = textAt(expression, 'key');
      const values = at(expression, 'values');
      const among = Object.hasOwn(labels, key) && Array.isArray(values) && values.includes(labels[key] ?? '');
      switch (textAt(expression, 'operator')) {
        case 'In':
          return among;
        case 'NotIn':
          return !among;
        case 'Exists':
          return Object.hasOwn(labels, key);
        default:
          return !Object.hasOwn(labels, key);
      }
    });
}
