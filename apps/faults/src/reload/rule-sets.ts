import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A plugin that needs no package: actions that say which rules they come from, with and without a client. */
export const PLUGIN = `
import { appendFileSync } from 'node:fs';
const rest = {
  kind: 'actionner', apiVersion: 1, description: 'Says which rules it comes from.', stability: 'alpha', sources: 'any', continue: true,
  output: 'none', idempotent: true, permissions: [], examples: [{ description: 'd', parameters: { version: 'v' } }],
  parameters: { type: 'object', properties: { version: { type: 'string' } }, required: ['version'], additionalProperties: false },
  target: () => undefined, timeLimit: () => 4_000,
  run: async ({ parameters }) => ({ status: 'success', message: parameters.version }),
};
const note = (what) => appendFileSync('clients.log', what + '\\n');
const pen = {
  kind: 'client', apiVersion: 1, id: 'pen', section: '', settings: { type: 'object', properties: {}, additionalProperties: false },
  create: async () => (note('created'), {}), close: async () => note('closed'),
};
// With --expose-gc: what is really in use, so that a leak is told from what was not collected yet.
if (globalThis.gc) {
  setInterval(() => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    appendFileSync('heap.log', heapUsed + external + '\\n');
  }, 2_000).unref();
}
export default {
  kind: 'plugin', apiVersion: 1, name: 'probe', category: 'probe',
  actionners: [{ ...rest, name: 'plain' }, { ...rest, name: 'pen', uses: { pen } }],
};
`;

export const FALCO_RULE = 'Terminal shell in container';

/** One in three is invalid, each in a way of its own. */
export function isValid(version: number): boolean {
  return version % 3 !== 2;
}

/**
 * A rule set in two files, both with the version, so that a mixture would be seen: in the name and in the parameter of
 * an action. Some versions need a client, others do not.
 */
export function ruleSet(version: number): Readonly<Record<string, string>> {
  const actionner = version % 4 < 2 ? 'probe:pen' : 'probe:plain';
  const rule = (name: string) =>
    `- rule: ${name}\n  match: { rules: [${FALCO_RULE}] }\n  actions:\n    - { action: ${name}-${version}, actionner: ${actionner}, parameters: { version: "${version}" } }\n`;
  const files = { 'a.yaml': rule('first'), 'b.yaml': rule('second') };
  if (isValid(version)) return files;
  const mistakes = ['- rule: [', rule('second').replace('version:', 'vresion:'), `${rule('second')}  match: all\n`];
  return { ...files, 'b.yaml': mistakes[Math.floor(version / 3) % mistakes.length]! };
}

/** A directory as the kubelet keeps one for a ConfigMap: what is in it are links through \`..data\`, swapped in one step. */
export interface ConfigMap {
  /** The directory of the version before is removed before or after the swap: both have been seen. */
  update(files: Readonly<Record<string, string>>): Promise<void>;
}

export async function mountConfigMap(path: string, files: Readonly<Record<string, string>>): Promise<ConfigMap> {
  let version = 0;
  await mkdir(path);
  const make = async (texts: Readonly<Record<string, string>>) => {
    const name = `..${++version}`;
    await mkdir(join(path, name));
    for (const [file, text] of Object.entries(texts)) await writeFile(join(path, name, file), text);
    await symlink(name, join(path, '..data_tmp'));
    return name;
  };
  const swap = () => rename(join(path, '..data_tmp'), join(path, '..data'));
  let current = await make(files);
  await swap();
  for (const file of Object.keys(files)) await symlink(join('..data', file), join(path, file));
  return {
    async update(texts) {
      const old = join(path, current);
      const oldFirst = version % 2 === 0;
      current = await make(texts);
      if (oldFirst) await rm(old, { recursive: true });
      await swap();
      if (!oldFirst) await rm(old, { recursive: true });
    },
  };
}
