import { stat } from 'node:fs/promises';
import { buildRegistry, readRuleFiles, readYaml, yamlValue } from '@falco-talon/engine';
import { readConfigFile } from '../config/config-file.ts';
import { loadConfig } from '../config/load-config.ts';
import type { NameKind, ProgramContext } from './command.ts';
import type { CommandLine } from './command-line.ts';
import type { Candidate } from './completion.ts';

/** Rules files beyond this are not read for a key: parsing takes a second for each 2 MiB. UTF-16 units. */
const MAX_TEXT = 2 * 1024 * 1024;

/**
 * Names that fit the line. Only the plugins of the program itself are asked: a config in the current directory must not run
 * code because somebody pressed a key. For the same reason rules are only read here, neither loaded nor checked.
 */
export async function namesOf(
  kind: NameKind,
  line: CommandLine,
  program: ProgramContext,
): Promise<readonly Candidate[]> {
  if (kind === 'rule' || kind === 'falco rule') return ruleNames(kind, await rulesFiles(line, program));
  const registry = buildRegistry((await program.plugins()).map((module) => module.default));
  const parts = { actionner: 'actionners', output: 'outputs', notifier: 'notifiers', context: 'contexts' } as const;
  return [...registry[parts[kind]]].map(([value, { part }]) => ({ value, description: part.description }));
}

/** Those on the line, else those of the config; keys of plugins that are not loaded do not matter. */
async function rulesFiles({ values }: CommandLine, program: ProgramContext): Promise<readonly string[]> {
  const { environment: variables, workingDirectory } = program;
  const file = values.get('--config')?.at(-1);
  const given = values.get('--rules')?.map((path) => untilded(path, program.homeDirectory));
  const sources = {
    variables,
    workingDirectory,
    ...(file === undefined ? {} : { file: untilded(file, program.homeDirectory) }),
    ...(given === undefined ? {} : { rulesFiles: given }),
  };
  return loadConfig(await readConfigFile(sources), sources, buildRegistry([]), false).rulesFiles ?? [];
}

/** On the line of a shell that is not run yet `~` is still there. */
function untilded(path: string, homeDirectory: string): string {
  return path.replace(/^~(?=\/)/, () => homeDirectory);
}

async function ruleNames(kind: 'rule' | 'falco rule', paths: readonly string[]): Promise<readonly Candidate[]> {
  // A pipe may wait for somebody who writes.
  const readable = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        (found) => found.isFile() || found.isDirectory(),
        () => false,
      ),
    ),
  );
  const { files } = await readRuleFiles(paths.filter((_, index) => readable[index]));
  const names = new Map<string, Candidate>();
  let length = 0;
  for (const { path, text } of files) {
    length += text.length;
    if (length > MAX_TEXT) break;
    const blocks = yamlValue(readYaml(path, text));
    for (const block of Array.isArray(blocks) ? (blocks as unknown[]) : []) {
      for (const candidate of namesIn(block, kind)) names.set(candidate.value, candidate);
    }
  }
  return [...names.values()];
}

/** The rule of a block, or the Falco rules it reacts to. */
function namesIn(block: unknown, kind: 'rule' | 'falco rule'): readonly Candidate[] {
  const { rule, description, match } = map(block);
  if (typeof rule !== 'string') return [];
  if (kind === 'rule') return [{ value: rule, ...(typeof description === 'string' ? { description } : {}) }];
  const { rules } = map(match);
  return (Array.isArray(rules) ? (rules as unknown[]) : [rules])
    .filter((name) => typeof name === 'string')
    .map((value) => ({ value }));
}

function map(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
