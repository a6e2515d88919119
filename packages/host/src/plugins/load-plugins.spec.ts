import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defineContext, definePlugin, type Plugin } from '@falco-talon/core';
import { loadPlugins } from './load-plugins.ts';

const directory = mkdtempSync(join(tmpdir(), 'talon-plugins-'));
afterAll(() => rmSync(directory, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
}
const source = (name: string) =>
  `export default { kind: 'plugin', apiVersion: 1, name: '${name}', category: 'third', contexts: [
    { kind: 'context', apiVersion: 1, name: '${name}', description: 'd', elements: {}, permissions: [], fetch: async () => ({}) }] };`;

const shippedA = definePlugin({ name: '@shipped/a', category: 'a' });
const shippedB = definePlugin({ name: '@shipped/b', category: 'b' });
const shipped = [{ default: shippedA }, { default: shippedB }];
const load = (list: readonly string[] | undefined, of = shipped, directories = [directory]) =>
  loadPlugins({ shipped: of, list, directories });

describe('the plugin list', () => {
  it('is the shipped one unless the config has one', async () => {
    expect((await load(undefined)).plugins).toEqual([shippedA, shippedB]);
    expect((await load(['@shipped/b'])).plugins).toEqual([shippedB]);
    expect((await load([])).plugins).toEqual([]);
  });

  it('takes files, package directories and installed packages', async () => {
    put('one.mjs', source('one'));
    put('typed.ts', `const name: string = 'typed';\n${source('typed').replace("'typed'", 'name')}`);
    put(
      'two/package.json',
      '{"name":"two","type":"module","exports":{".":{"require":"./no.js","import":"./lib/two.js"}}}',
    );
    put('two/lib/two.js', source('two'));
    put('three/package.json', '{"name":"three","type":"module","main":"main.js"}');
    put('three/main.js', source('three'));
    put('node_modules/@org/four/package.json', '{"name":"@org/four","type":"module","exports":"./four.js"}');
    put('node_modules/@org/four/four.js', source('four'));
    put('elsewhere/node_modules/five/package.json', '{"name":"five","type":"module"}');
    put('elsewhere/node_modules/five/index.js', source('five'));
    const list = ['./one.mjs', './typed.ts', join(directory, 'two'), './three', '@org/four', 'five'];
    const { plugins, problems, registry } = await load(list, shipped, [directory, join(directory, 'elsewhere')]);
    expect(problems).toEqual([]);
    expect(plugins.map(({ name }) => name)).toEqual(['one', 'typed', 'two', 'three', 'four', 'five']);
    expect([...registry.contexts.keys()]).toContain('four');
  });

  it('prefers the sources of a package that offers them, outside node_modules', async () => {
    const manifest =
      '{"name":"p","type":"module","exports":{".":{"@falco-talon/source":"./src.mjs","default":"./built.mjs"}}}';
    put('workspace/p/package.json', manifest);
    put('workspace/p/src.mjs', source('from-sources'));
    put('node_modules/p/package.json', manifest);
    put('node_modules/p/built.mjs', source('built'));
    const { plugins } = await load(['./workspace/p', 'p']);
    expect(plugins.map(({ name }) => name)).toEqual(['from-sources', 'built']);
  });

  it('reports everything that cannot be loaded, and loads the rest', async () => {
    put('throws.mjs', 'throw new Error("no licence")');
    put('empty.mjs', 'export const a = 1');
    put('other.mjs', 'export default { kind: "banana" }');
    put('good.mjs', source('good'));
    put('unbuilt/package.json', '{"name":"unbuilt","type":"module","exports":"./dist/index.js"}');
    const list = [
      './throws.mjs',
      './empty.mjs',
      './other.mjs',
      './absent.mjs',
      '@shipped/aa',
      './unbuilt',
      './good.mjs',
      './good.mjs',
    ];
    const { plugins, problems } = await load(list);
    expect(plugins.map(({ name }) => name)).toEqual(['good', 'good']);
    const text = problems.join('\n');
    expect(text).toContain('plugin ./throws.mjs: no licence');
    expect(text).toMatch(/plugin \.\/empty\.mjs: .*has no default export; it must be what definePlugin\(\) returns/);
    expect(text).toMatch(/plugin \.\/other\.mjs: the default export of .* must be what definePlugin\(\) returns/);
    expect(text).toMatch(/plugin \.\/absent\.mjs: there is no .*absent\.mjs/);
    expect(text).toMatch(/plugin @shipped\/aa: no package of this name is installed in .*did you mean @shipped\/a\?/);
    expect(text).toMatch(/plugin \.\/unbuilt: .*does not exist; build the package first/);
    expect(text).toContain('plugin ./good.mjs stands in the list twice');
  });

  it('names both packages of a clash, and another contract version', async () => {
    const context = defineContext({
      name: 'same',
      description: 'd',
      elements: {},
      permissions: [],
      fetch: async () => ({}),
    });
    const one = definePlugin({ name: 'one', category: 'x', contexts: [context] });
    const two = definePlugin({ name: 'two', category: 'x', contexts: [context] });
    const old = { ...definePlugin({ name: 'old', category: 'x' }), apiVersion: 0 } as unknown as Plugin;
    const { problems, registry } = await load(undefined, [{ default: one }, { default: two }, { default: old }]);
    expect(problems).toEqual([
      expect.stringContaining('context same is brought by both one and two'),
      expect.stringContaining('plugin old was made for version 0 of the plugin contract'),
    ]);
    // What fits together is there, so that the rest of the input can be checked.
    expect(registry.contexts.get('same')?.plugin).toBe('one');
  });
});
