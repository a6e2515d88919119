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

  it('of a directory that is removed and made again, and of what is then written into it', async () => {
    const folder = join(directory, 'rules');
    const file = join(folder, 'rules.yaml');
    await mkdir(folder);
    await writeFile(file, 'old');
    const { until } = await watching([folder], file);
    const removed = until('');
    await rm(folder, { recursive: true });
    await removed;
    for (const text of ['first', 'second', 'third']) {
      const changed = until(text);
      await mkdir(folder, { recursive: true });
      await writeFile(file, text);
      expect(await changed).toBe(text);
    }
  });

  it('of a directory that another one is renamed over, and of what is then written into it', async () => {
    const folder = join(directory, 'rules');
    const file = join(folder, 'rules.yaml');
    await mkdir(folder);
    await writeFile(file, 'old');
    const { until } = await watching([file], file);
    await mkdir(`${folder}.new`);
    await writeFile(join(`${folder}.new`, 'rules.yaml'), 'new');
    const renamed = until('new');
    await rename(folder, `${folder}.old`);
    await rename(`${folder}.new`, folder);
    await renamed;
    const written = until('newer');
    await writeFile(file, 'newer');
    expect(await written).toBe('newer');
  });
});

/** A ConfigMap as the kubelet lays it out: files are links through `..data`, which is swapped in one step. */
describe('a ConfigMap is reported', () => {
  async function mounted(folder: string) {
    let version = 0;
    const make = async (text: string) => {
      const name = `..2026_${++version}`;
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'rules.yaml'), text);
      return name;
    };
    const swap = async (name: string) => {
      await symlink(name, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await mkdir(folder, { recursive: true });
    let current = await make('old');
    await swap(current);
    await symlink(join('..data', 'rules.yaml'), join(folder, 'rules.yaml'));
    return async (text: string, order: 'new first' | 'old first') => {
      const old = current;
      if (order === 'old first') await rm(join(folder, old), { recursive: true });
      current = await make(text);
      await swap(current);
      if (order === 'new first') await rm(join(folder, old), { recursive: true });
    };
  }

  describe.each(['new first', 'old first'] as const)('whose versions are swapped, %s,', (order) => {
    it.each([
      ['the file in it', (folder: string) => join(folder, 'rules.yaml')],
      ['the directory', (folder: string) => folder],
    ])('when rules_files names %s', async (_, named) => {
      const folder = join(directory, 'etc', 'rules');
      const update = await mounted(folder);
      const { until } = await watching([named(folder)], join(folder, 'rules.yaml'));
      for (const text of ['first', 'second', 'third']) {
        const changed = until(text);
        await update(text, order);
        expect(await changed).toBe(text);
      }
    });
  });

  it('when versions are swapped faster than they are read: the last one is', async () => {
    const folder = join(directory, 'rules');
    const update = await mounted(folder);
    const { until } = await watching([folder], join(folder, 'rules.yaml'));
    const last = until('19');
    for (let n = 0; n < 20; n++) await update(String(n), n % 2 === 0 ? 'new first' : 'old first');
    expect(await last).toBe('19');
  });
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
