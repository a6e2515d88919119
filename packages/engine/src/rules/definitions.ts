import { takeQuoted } from '../condition/quoted-text.ts';
import { resolveCondition, sizeProblem, type Definitions, type Resolved } from '../condition/resolve-condition.ts';
import { ConditionError, createScanner } from '../condition/scanner.ts';
import type { ConditionBlock, ListBlock, MacroBlock, Placed } from './block.ts';
import { readCondition, reportProblem } from './report-condition.ts';
import type { Report } from './report.ts';
import { joinTexts } from './scalar-text.ts';

const MACRO_DEPTH_LIMIT = 100;
/** Items that all lists have together, with the lists in them written out. */
const ITEMS_LIMIT = 1_000_000;

interface Blocks {
  readonly macros: readonly MacroBlock[];
  readonly lists: readonly ListBlock[];
}

/**
 * What the macros and lists of all files stand for. As in Falco a later one of the same name takes the place of the
 * first, or goes on where it ended. Each may be used before it is declared, and in other files.
 */
export function readDefinitions({ macros, lists }: Blocks, complete: boolean, report: Report): Definitions {
  const conditions = parseMacros(macros, report);
  const items = mergeLists(lists);
  const resolved = new Map<string, Resolved | undefined>();
  const expanded = new Map<string, readonly string[] | undefined>();
  const open: string[] = [];
  let size = 0;

  const definitions: Definitions = {
    macroNames: new Set(conditions.keys()),
    listNames: new Set(items.keys()),
    complete,
    macro(name) {
      if (!resolved.has(name))
        resolved.set(
          name,
          guarded(`macro ${name}`, conditions.get(name)?.block.name, () => resolveMacro(name)),
        );
      return resolved.get(name);
    },
    list(name) {
      if (!expanded.has(name))
        expanded.set(
          name,
          guarded(`list ${name}`, items.get(name)?.block.name, () => expand(name)),
        );
      return expanded.get(name);
    },
  };

  /** A name that leads back to itself is reported, and so is one that leads too far. */
  function guarded<T>(name: string, declared: Placed | undefined, resolve: () => T | undefined): T | undefined {
    if (!declared) return undefined;
    const first = open.indexOf(name);
    if (first !== -1 || open.length === MACRO_DEPTH_LIMIT) {
      const circle = [...open.slice(first), name].map((key) => key.slice(key.indexOf(' ') + 1)).join(' → ');
      const message =
        first === -1 ? `more than ${MACRO_DEPTH_LIMIT} names in each other` : `contains itself: ${circle}`;
      report.error(declared.place, message);
      return undefined;
    }
    open.push(name);
    const result = resolve();
    open.pop();
    return result;
  }

  function resolveMacro(name: string): Resolved | undefined {
    const { parsed, placeAt } = conditions.get(name)?.condition ?? {};
    if (!parsed || !placeAt) return undefined;
    const result = resolveCondition(parsed, definitions, (problem) => reportProblem(report, problem, placeAt));
    const tooLarge = result && sizeProblem(result);
    if (tooLarge !== undefined) report.error(placeAt(0), tooLarge);
    return tooLarge === undefined ? result : undefined;
  }

  function expand(name: string): readonly string[] | undefined {
    const all = new Set<string>();
    for (const item of items.get(name)!.items) {
      const inner = items.has(item.text) ? definitions.list(item.text) : [itemText(item, report)];
      if (inner === undefined) return undefined;
      size += inner.length;
      if (size > ITEMS_LIMIT) {
        report.error(
          item.place,
          `the lists have more than ${ITEMS_LIMIT} items together, with the lists in them written out`,
        );
        return undefined;
      }
      for (const text of inner) all.add(text);
    }
    return [...all];
  }

  // Mistakes in what no rule uses are mistakes too.
  for (const name of conditions.keys()) definitions.macro(name);
  for (const name of items.keys()) definitions.list(name);
  return definitions;
}

function parseMacros(blocks: readonly MacroBlock[], report: Report) {
  const merged = new Map<string, MacroBlock>();
  for (const block of blocks) {
    const base = block.append ? merged.get(block.name.text) : undefined;
    const condition = base?.condition && block.condition && joinTexts(base.condition, block.condition);
    merged.set(block.name.text, base ? { ...block, condition } : block);
  }
  const parsed = new Map<string, { block: MacroBlock; condition: ConditionBlock | undefined }>();
  for (const [name, block] of merged) {
    parsed.set(name, { block, condition: block.condition && readCondition(block.condition, report) });
  }
  return parsed;
}

function mergeLists(blocks: readonly ListBlock[]) {
  const merged = new Map<string, { block: ListBlock; items: readonly Placed[] }>();
  for (const block of blocks) {
    const base = block.append ? (merged.get(block.name.text)?.items ?? []) : [];
    merged.set(block.name.text, { block, items: [...base, ...(block.items ?? [])] });
  }
  return merged;
}

/** Falco puts items into conditions as they are, so one may bring its own quotes. */
function itemText({ text, place }: Placed, report: Report): string {
  if (!/^["']/.test(text)) return text;
  try {
    const scanner = createScanner(text);
    const quoted = takeQuoted(scanner);
    if (scanner.position === text.length) return quoted ?? text;
    report.error(place, 'the item goes on after its closing quote');
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    report.error(place, error.message);
  }
  return text;
}
