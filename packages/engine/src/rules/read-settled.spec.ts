import { describe, expect, it } from 'vitest';
import type { ReadRuleFiles } from './read-files.ts';
import { readSettled, versionOf } from './read-settled.ts';

const file = (text: string): ReadRuleFiles => ({ files: [{ path: 'rules.yaml', text }], problems: [] });

/** A file whose content is the next text each time it is read; the last one stays. */
function written(...texts: string[]) {
  const seen: string[] = [];
  return {
    seen,
    read: async () => {
      const text = texts.length > 1 ? texts.shift()! : texts[0]!;
      seen.push(text);
      return file(text);
    },
    pause: async () => void seen.push('pause'),
  };
}

describe('rules files that are being written', () => {
  it('are read until they stay the same', async () => {
    const { read, pause, seen } = written('', '- rule: a', '- rule: a\n- rule: b');
    const settled = await readSettled('known', read, pause);
    expect(settled.read).toEqual(file('- rule: a\n- rule: b'));
    expect(seen).toEqual(['', 'pause', '- rule: a', 'pause', '- rule: a\n- rule: b', 'pause', '- rule: a\n- rule: b']);
  });

  it('are read once when nothing changed', async () => {
    const { read, pause, seen } = written('same');
    await readSettled(versionOf(file('same')), read, pause);
    expect(seen).toEqual(['same']);
  });

  it('are judged as they are when they never stay the same', async () => {
    let reads = 0;
    const settled = await readSettled(
      'known',
      async () => file(String(++reads)),
      async () => {},
    );
    expect([reads, settled.version]).toEqual([20, versionOf(file('20'))]);
  });
});
