import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchRules, type RulesWatch } from './watch-rules.ts';

let directory: string;
let watcher: RulesWatch | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rules-'));
  // Only events of the file system may report a change; the poll is tried on its own.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(async () => {
  watcher?.close();
  vi.useRealTimers();
  await rm(directory, { recursive: true, force: true });
});

/** Watches; `until` resolves when a reported change shows this text, empty for no file. */
async function watching(paths: readonly string[], path: string) {
  let seen: (text: string) => void = () => {};
  let changes = 0;
  watcher = watchRules(paths, () => {
    changes++;
    readFile(path, 'utf8').then(
      (text) => seen(text),
      () => seen(''),
    );
  });
  await watcher.watching;
  return {
    changes: () => changes,
    until: (expected: string) =>
      new Promise<string>((resolve) => (seen = (text) => text === expected && resolve(text))),
  };
}

describe('a change is reported', () => {
  it('of a file written in place', async () => {
    const file = join(directory, 'rules.yaml');
    await writeFile(file, 'old');
    const { until } = await watching([file], file);
    const changed = until('new');
    await writeFile(file, 'new');
    expect(await changed).toBe('new');
  });

  it('of a file an editor renames over the old one, more than once', async () => {
    const file = join(directory, 'rules.yaml');
    await writeFile(file, 'old');
    const { until } = await watching([file], file);
    for (const text of ['first', 'second', 'third']) {
      const changed = until(text);
      await writeFile(`${file}.swp`, text);
      await rename(`${file}.swp`, file);
      expect(await changed).toBe(text);
    }
  });

  it('of a file in a watched directory, new or removed', async () => {
    const file = join(directory, 'more.yaml');
    const { until } = await watching([directory], file);
    const created = until('new');
    await writeFile(file, 'new');
    expect(await created).toBe('new');
    const removed = until('');
    await rm(file);
    expect(await removed).toBe('');
  });

  it.each(['new directory first', 'old directory removed first'])(
    'of a ConfigMap whose ..data link is swapped, %s',
    async (order) => {
      const file = join(directory, 'rules.yaml');
      const version = async (name: string, text: string) => {
        await mkdir(join(directory, name));
        await writeFile(join(directory, name, 'rules.yaml'), text);
      };
      const swap = async (name: string) => {
        await symlink(name, join(directory, '..data_tmp'));
        await rename(join(directory, '..data_tmp'), join(directory, '..data'));
      };
      await version('..2026_01', 'old');
      await swap('..2026_01');
      await symlink(join('..data', 'rules.yaml'), file);
      const { until } = await watching([file], file);
      const changed = until('new');
      if (order.startsWith('old')) await rm(join(directory, '..2026_01'), { recursive: true });
      await version('..2026_02', 'new');
      await swap('..2026_02');
      if (order.startsWith('new')) await rm(join(directory, '..2026_01'), { recursive: true });
      expect(await changed).toBe('new');
    },
  );
});

describe('watchRules', () => {
  it('polls every 2 s for what no event tells, such as a directory that comes later', () => {
    const changed = vi.fn<() => void>();
    watcher = watchRules([join(directory, 'later', 'rules.yaml')], changed);
    vi.advanceTimersByTime(1_999);
    expect(changed).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(changed).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(4_000);
    expect(changed).toHaveBeenCalledTimes(3);
  });

  it('reports a burst once', async () => {
    const file = join(directory, 'rules.yaml');
    const { until, changes } = await watching([file], file);
    const before = changes();
    const changed = until('9');
    for (let i = 0; i < 10; i++) await writeFile(file, String(i));
    await changed;
    expect(changes() - before).toBeLessThanOrEqual(2);
  });

  it('reports nothing after close, not even what was on its way', async () => {
    const file = join(directory, 'rules.yaml');
    const { changes } = await watching([file], file);
    await writeFile(file, 'x');
    watcher?.close();
    const before = changes();
    const early = vi.fn<() => void>();
    const closedAtOnce = watchRules([file], early);
    closedAtOnce.close();
    await closedAtOnce.watching;
    // Another watch of the same directory tells when the event has been delivered.
    const { until } = await watching([file], file);
    const seen = until('y');
    await writeFile(file, 'y');
    await seen;
    vi.advanceTimersByTime(10_000);
    expect(early).not.toHaveBeenCalled();
    expect(changes()).toBe(before);
  });
});
