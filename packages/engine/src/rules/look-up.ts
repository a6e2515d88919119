import { didYouMean, nearest } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import type { Placed } from './block.ts';
import { GO_ENGINE_PARTS, PART_KINDS, type PartKind } from './part-kinds.ts';
import type { Report } from './report.ts';

type Found<K extends PartKind> = Registry[`${K}s`] extends ReadonlyMap<string, infer T> ? T : never;

/** The part with this name; without one, the mistake is reported with what to write instead. */
export function lookUp<K extends PartKind>(
  name: Placed,
  kind: K,
  registry: Registry,
  report: Report,
): Found<K> | undefined {
  const part = registry[`${kind}s`].get(name.text);
  if (part === undefined) report.error(name.place, unknownPart(name.text, kind, registry));
  return part as Found<K> | undefined;
}

function unknownPart(name: string, kind: PartKind, registry: Registry): string {
  const shown = JSON.stringify(name);
  const other = PART_KINDS.find(
    (word) => word !== kind && (registry[`${word}s`].has(name.toLowerCase()) || GO_ENGINE_PARTS[word].has(name)),
  );
  if (other !== undefined)
    return `${shown} is ${withArticle(other)}, not ${withArticle(kind)}; ${howToWrite(other, name)}`;
  if (GO_ENGINE_PARTS[kind].has(name)) {
    return `no loaded plugin brings the ${kind} ${shown}; name one that does under plugins in the config, or take this out ${knownNames(kind, registry)}`;
  }
  const known = [...registry[`${kind}s`].keys()].toSorted();
  const ofCategory = known.filter((full) => full.startsWith(`${name}:`));
  if (ofCategory.length > 0) {
    return `${shown} is a category, not ${withArticle(kind)}; write which one of it (known: ${ofCategory.join(', ')})`;
  }
  const sameEnd = known.filter((full) => full.endsWith(`:${name.toLowerCase()}`));
  const hint = sameEnd.length > 0 ? sameEnd.join(' or ') : nearest(name, known);
  return `unknown ${kind} ${shown}${didYouMean(hint)} ${knownNames(kind, registry)}`;
}

function knownNames(kind: PartKind, registry: Registry): string {
  const known = [...registry[`${kind}s`].keys()].toSorted();
  return `(${known.length === 0 ? 'none is loaded' : `known: ${known.join(', ')}`})`;
}

function withArticle(kind: PartKind): string {
  return `${/^[ao]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

function howToWrite(kind: PartKind, name: string): string {
  switch (kind) {
    case 'actionner':
      return `it is what an action does: actionner: ${name}`;
    case 'output':
      return `it is where an action stores what it made: output: {target: ${name}}`;
    case 'context':
      return `an action asks for it with contexts: [${name}]`;
    case 'notifier':
      return `a rule asks for it with notifiers: [${name}]`;
  }
}
