/** What became of one scenario. */
export interface Ran {
  readonly name: string;
  /** `left out in part`: what was run held, but was less than was asked for. */
  readonly end: 'holds' | 'failed' | 'left out' | 'left out in part';
}

/** The last line of a run, and its exit code: 0 when all was run and held, 1 when something did not, 3 when only some was run. */
export function verdict(all: readonly Ran[]): { readonly text: string; readonly exitCode: number } {
  const named = (end: Ran['end']) => all.filter((one) => one.end === end).map(({ name }) => name);
  const [held, failed] = [named('holds'), named('failed')];
  const leftOut = [...named('left out'), ...named('left out in part').map((name) => `${name} (in part)`)];
  const missing = leftOut.length > 0 ? `; left out, and not shown: ${leftOut.join(', ')}` : '';
  if (failed.length > 0) return { text: `failed: ${failed.join(', ')}${missing}`, exitCode: 1 };
  const text = `every promise of ${held.length} scenario${held.length === 1 ? '' : 's'} holds${missing}`;
  return { text, exitCode: leftOut.length > 0 ? 3 : 0 };
}
