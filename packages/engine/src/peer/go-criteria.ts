/** A comparison as the Go engine has it after loading. */
export interface GoComparison {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

const FIELD = /^[a-z0-9.[\]]*!?=/i;

/**
 * What the Go engine makes of one item of `match.output_fields`: a list of comparisons for each part between commas, or
 * `refused` when it does not start with it. It knows no quotes: a comma always parts, the text is split at every `=` and then
 * at every `!` (which stands for `!=` by then), and what does not fall into two pieces is left out without a word.
 */
export function goCriteria(item: string): readonly (readonly GoComparison[])[] | 'refused' {
  if (!split(item).every((part) => FIELD.test(part))) return 'refused';
  return split(item.replaceAll('!=', '!')).map((part) => [...comparison(part, '='), ...comparison(part, '!=')]);
}

function split(text: string): readonly string[] {
  return text.replaceAll(', ', ',').split(',');
}

function comparison(part: string, operator: GoComparison['operator']): readonly GoComparison[] {
  const pieces = part.split(operator[0]!);
  if (pieces.length !== 2) return [];
  return [{ field: pieces[0]!, operator, value: pieces[1]!.replaceAll('"', '') }];
}
