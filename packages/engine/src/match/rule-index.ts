import { PRIORITIES } from '@falco-talon/core';
import { compileOperand, isSet, type ReadValue } from '../condition/value.ts';
import type { EventView } from './event-view.ts';
import { PRESENT, worthOf, type AnyOf, type Fact, type Slot } from './needed-facts.ts';

/** Rules, by what an event must have to match them. */
export interface RuleIndex {
  /** The rules an event may match: lists of their numbers, each ascending. A rule may be in several of them. */
  candidates(view: EventView): readonly (readonly number[])[];
  /** By rule, the facts it is found by; undefined for one that is a candidate for every event. */
  readonly chosen: readonly (AnyOf | undefined)[];
}

type Lists = Map<string, number[]>;

/** A need is selective enough when an event can bring no more rules than this by it. */
const FEW = 8;
/** Above this, a set of what the event has is built; a hostile event may have a hundred thousand tags. */
const FEW_TAGS = 16;

/** Each rule is found by the one of its needs that it shares with the fewest others. */
export function buildRuleIndex(needs: readonly (readonly AnyOf[])[]): RuleIndex {
  // What is found by few anyway takes no part in how often the others share something.
  const every = shareOf(needs);
  const settled = needs.map((some) => some.find((facts) => every(facts) <= FEW));
  const others = shareOf(needs.filter((_, rule) => settled[rule] === undefined));
  const chosen = needs.map((some, rule) => settled[rule] ?? leastShared(some, others));
  const slots = new Map<Slot, Lists>();
  const always: number[] = [];
  for (const [rule, facts] of chosen.entries()) {
    if (!facts) always.push(rule);
    for (const { slot, value } of facts ?? []) {
      const lists = slots.get(slot) ?? (new Map() as Lists);
      slots.set(slot, lists);
      const list = lists.get(value);
      if (!list) lists.set(value, [rule]);
      else if (list.at(-1) !== rule) list.push(rule);
    }
  }
  return { chosen, candidates: compileLookUp(slots, always) };
}

/** Tells by how many rules one event can find those that have these facts, at most. */
function shareOf(needs: readonly (readonly AnyOf[])[]): (facts: AnyOf) => number {
  const shared = new Map<string, number>();
  const keyOf = ({ slot, value }: Fact) => `${slot}\0${value}`;
  for (const some of needs) {
    for (const fact of some.flat()) shared.set(keyOf(fact), (shared.get(keyOf(fact)) ?? 0) + 1);
  }
  return (facts) => facts.reduce((most, fact) => Math.max(most, shared.get(keyOf(fact)) ?? 0), 0);
}

function leastShared(needs: readonly AnyOf[], shareOfRules: (facts: AnyOf) => number): AnyOf | undefined {
  const shares = needs.map((facts) => shareOfRules(facts) * likelihoodOf(facts));
  return needs[shares.indexOf(Math.min(...shares))];
}

/** Of a few priorities an event has one more seldom than its rules share them. */
function likelihoodOf(facts: AnyOf): number {
  return facts.every(({ slot }) => slot === 'priority') ? facts.length / PRIORITIES.length : 1;
}

interface FieldLists {
  readonly name: string;
  readonly lists: Lists;
  readonly read: ReadValue;
}
type Found = (readonly number[])[];

function compileLookUp(slots: ReadonlyMap<Slot, Lists>, always: readonly number[]): RuleIndex['candidates'] {
  const { rule, priority, source, hostname, tags } = Object.fromEntries(slots) as Partial<Record<Slot, Lists>>;
  const readTags = compileOperand({ kind: 'own', name: 'tags', transformers: [] });
  const fields = Array.from(slots)
    .filter(([slot]) => slot.startsWith('[]'))
    .map(([slot, lists]) => fieldLists(slot.slice(2), lists));
  const fieldsByName = new Map(fields.map((field) => [field.name, field]));

  return (view) => {
    const { event } = view;
    const found: Found = always.length > 0 ? [always] : [];
    if (rule) add(rule, event.rule, found);
    if (priority && event.priority !== undefined) add(priority, event.priority, found);
    if (source) add(source, event.source, found);
    if (hostname) add(hostname, event.hostname, found);
    if (tags && event.tags.length <= FEW_TAGS) for (const tag of event.tags) add(tags, tag, found);
    else if (tags) addAny(tags, readTags(view) as ReadonlySet<string>, found);
    if (fields.length <= event.fields.size) for (const field of fields) addField(field, view, found);
    else {
      for (const name of event.fields.keys()) {
        const field = fieldsByName.get(name);
        if (field) addField(field, view, found);
      }
    }
    return found;
  };
}

function fieldLists(name: string, lists: Lists): FieldLists {
  return { name, lists, read: compileOperand({ kind: 'field', name, transformers: [] }) };
}

function add(lists: Lists, text: string, found: Found): void {
  const list = lists.get(text);
  if (list) found.push(list);
}

function addAny(lists: Lists, texts: ReadonlySet<string>, found: Found): void {
  if (texts.size <= lists.size) for (const text of texts) add(lists, text, found);
  else for (const [text, list] of lists) if (texts.has(text)) found.push(list);
}

function addField({ name, lists, read }: FieldLists, view: EventView, found: Found): void {
  const value = view.event.fields.get(name);
  if (value === undefined || value === null) return;
  add(lists, PRESENT, found);
  if (typeof value === 'string') return add(lists, value, found);
  const text = view.text(name)!;
  add(lists, text, found);
  // A list is found by its text, as `output_fields` compares it, and by its members, as conditions do.
  if (Array.isArray(value)) {
    const members = read(view);
    if (isSet(members)) addAny(lists, members, found);
    return;
  }
  const worth = worthOf(text);
  if (worth !== undefined) add(lists, worth, found);
}
