import type { Difference } from '@falco-talon/core';
import { LANGUAGE_DIFFERENCES, type Registry } from '@falco-talon/engine';
import { CONFIG_DIFFERENCES } from '../config/peer-differences.ts';
import { markdownTable } from './markdown-table.ts';

type Row = Pick<Difference, 'effect' | 'there' | 'here'> & { readonly when: string };

const EFFECTS: Readonly<Record<Difference['effect'], string>> = { more: '**more**', less: 'less', other: '' };

/** The page about the Go engine with its tables made anew from the very data that `check --peer` works with. */
export function peerReference(page: string, registry: Registry): string {
  const actionners = [...registry.actionners]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, { part }]) =>
      (part.differences ?? []).map((difference) => ({
        ...difference,
        when: `\`${name}\`${difference.when === undefined ? '' : `: ${difference.when}`}`,
      })),
    );
  const sections: Readonly<Record<string, readonly Row[]>> = {
    rules: LANGUAGE_DIFFERENCES,
    actionners,
    config: CONFIG_DIFFERENCES,
  };
  return Object.entries(sections).reduce((text, [name, rows]) => replaced(text, name, table(rows)), page);
}

function table(rows: readonly Row[]): string {
  const ranks = Object.keys(EFFECTS);
  const sorted = rows.toSorted((a, b) => ranks.indexOf(a.effect) - ranks.indexOf(b.effect));
  return markdownTable(
    ['effect', 'when', 'in the Go engine', 'here'],
    sorted.map(({ effect, when, there, here }) => [EFFECTS[effect], ...[when, there, here].map(escaped)]),
  );
}

/** Texts are no Markdown. */
function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('$', '\\$');
}

/** What stands between `<!-- NAME: generated -->` and `<!-- end -->`. */
function replaced(page: string, name: string, text: string): string {
  const begin = `<!-- ${name}: generated -->\n`;
  const from = page.indexOf(begin);
  const to = page.indexOf('<!-- end -->', from);
  if (from === -1 || to === -1) throw new Error(`the page has no place for ${name}`);
  return `${page.slice(0, from)}${begin}\n${text}\n${page.slice(to)}`;
}
