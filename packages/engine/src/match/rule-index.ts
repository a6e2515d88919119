import { compileOperand, isSet } from '../condition/value.ts';
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
  const shares = needs.map(shareOfRules);
  return needs[shares.indexOf(Math.min(...shares))];
}

function compileLookUp(slots: ReadonlyMap<Slot, Lists>, always: readonly number[]): RuleIndex['candidates'] {
  const { rule, priority, source, hostname, tags } = Object.fromEntries(slots) as Partial<Record<Slot, Lists>>;
  const readTags = compileOperand({ kind: 'own', name: 'tags', transformers: [] });
  const fields = new Map(
    Array.from(slots)
      .filter(([slot]) => slot.startsWith('[]'))
      .map(([slot, lists]) => [slot.slice(2), { lists, read: compileOperand(fieldOf(slot.slice(2))) }]),
  );

  return (view) => {
    const { event } = view;
    const found: (readonly number[])[] = [];
    const add = (list: readonly number[] | undefined) => list && found.push(list);
    const addAny = (lists: Lists, texts: ReadonlySet<string>) => {
      if (texts.size <= lists.size) for (const text of texts) add(lists.get(text));
      else for (const [text, list] of lists) if (texts.has(text)) add(list);
    };
    const addField = (name: string) => {
      const field = fields.get(name);
      const value = field && event.fields.get(name);
      if (!field || value === undefined || value === null) return;
      add(field.lists.get(PRESENT));
      if (typeof value === 'string') return void add(field.lists.get(value));
      const text = view.text(name)!;
      add(field.lists.get(text));
      // A list is found by its text, as `output_fields` compares it, and by its members, as conditions do.
      if (Array.isArray(value)) {
        const members = field.read(view);
        if (isSet(members)) addAny(field.lists, members);
      } else {
        const worth = worthOf(text);
        if (worth !== undefined) add(field.lists.get(worth));
      }
    };

    if (always.length > 0) found.push(always);
    add(rule?.get(event.rule));
    if (priority && event.priority !== undefined) add(priority.get(event.priority));
    add(source?.get(event.source));
    add(hostname?.get(event.hostname));
    if (tags && event.tags.length <= FEW_TAGS) for (const tag of event.tags) add(tags.get(tag));
    else if (tags) addAny(tags, readTags(view) as ReadonlySet<string>);
    if (fields.size <= event.fields.size) for (const name of fields.keys()) addField(name);
    else for (const name of event.fields.keys()) addField(name);
    return found;
  };
}

function fieldOf(name: string) {
  return { kind: 'field', name, transformers: [] } as const;
}
