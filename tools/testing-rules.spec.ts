import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runIn } from 'falco-talon/testing-run';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const page = join(import.meta.dirname, '../docs/testing-rules.md');
const content = await readFile(page, 'utf8');
const blocks = (language: string) =>
  [...content.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(([, , inside]) => inside!);
const [rules, tests, wrong] = blocks('yaml') as [string, string, string];
const [alert] = blocks('json') as [string];

const folder = await mkdtemp(join(tmpdir(), 'testing-rules-'));
afterAll(async () => await rm(folder, { recursive: true, force: true }));
const files = { 'rules.yaml': rules, 'shell.json': alert, 'rules_test.yaml': tests, 'wrong_test.yaml': wrong };
for (const [name, inside] of Object.entries(files)) await writeFile(join(folder, name), inside);

/** What the command prints for somebody who copied the files of the page. */
async function printed(command: string): Promise<string> {
  // The one pipe of the page, which is not worth a shell.
  const [, piped, line] = /^(?:sed s\/Shop\/shop\/ (shell\.json) \| )?falco-talon (.*)$/.exec(command)!;
  const argv = [...line!.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
  const stdin = () => Readable.from([piped === undefined ? '' : alert.replace('Shop', 'shop')]);
  const { output, errors } = await runIn(folder, argv, { stdin });
  return output + errors;
}

describe('docs/testing-rules.md', () => {
  it('shows what its commands print', async () => {
    const parts = content.split(/(?<=^```console\n)\$ (.*)\n[^]*?(?=^```$)/m);
    let filled = '';
    // Every second part is a command.
    for (const [index, part] of parts.entries()) {
      filled += index % 2 === 0 ? part : `$ ${part}\n${(await printed(part)).trimEnd()}\n`;
    }
    expect(parts.length).toBe(9);
    await expect(filled).toMatchFileSnapshot(page);
  });

  it('shows workflows that run it', () => {
    const [github, gitlab] = blocks('yml').map((block) => JSON.stringify(parse(block)));
    expect(github).toContain('{"run":"npx falco-talon rules test rules --coverage-min 80"}');
    expect(gitlab).toContain(
      '--junit-file report.xml"],"artifacts":{"when":"always","reports":{"junit":"report.xml"}}',
    );
  });
});
