import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorText } from '@falco-talon/core';
import { readBounded } from './read-bounded.ts';
import type { Problem, RuleFile } from './rule.ts';
import { YAML_SIZE_LIMIT } from './yaml-document.ts';

const FILES_LIMIT = 1000;

export interface ReadRuleFiles {
  readonly files: readonly RuleFile[];
  readonly problems: readonly Problem[];
}

/**
 * Reads rules files in the order given; a directory stands for its `*.yaml` and `*.yml` in name order, without hidden
 * ones (editors' and Kubernetes' own) and without its folders. Never rejects: what cannot be read is a problem, and all of
 * them are returned at once.
 * @param namedBy where somebody says which files are read
 * @param directory where relative paths start; files and problems keep the paths as they were given
 * @param pipes named ones are read like files; what a directory holds never is
 */
export async function readRuleFiles(
  paths: readonly string[],
  namedBy = '-r or rules_files',
  directory = '.',
  { pipes = true }: { readonly pipes?: boolean } = {},
): Promise<ReadRuleFiles> {
  const files: RuleFile[] = [];
  const problems: Problem[] = [];
  const report = (file: string, message: string, severity: Problem['severity'] = 'error') => {
    problems.push({ file, line: 0, column: 0, severity, path: '', message });
  };

  for (const path of paths) {
    try {
      for (const file of await expand(path, directory, report)) {
        if (files.length === FILES_LIMIT) throw new Error(`more than ${FILES_LIMIT} rules files`);
        // One after the other: the rules' order is the files' order.
        await readInto(files, file, { directory, namedBy, pipes: pipes && file === path }, report);
      }
    } catch (error) {
      report(path, reason(error, namedBy));
    }
  }
  return { files, problems };
}

type Report = (file: string, message: string, severity?: Problem['severity']) => void;

async function expand(path: string, directory: string, report: Report): Promise<readonly string[]> {
  const place = resolve(directory, path);
  if (!(await stat(place)).isDirectory()) return [path];
  const names = (await readdir(place)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).toSorted();
  const kinds = await Promise.all(names.map((name) => isFolder(join(place, name))));
  const found = names.filter((_, index) => !kinds[index]).map((name) => join(path, name));
  if (found.length === 0) report(path, 'this directory holds no *.yaml or *.yml', 'warning');
  return found;
}

/** Links are followed: in a ConfigMap's directory every file is one. A broken one is reported when it is read. */
async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function readInto(
  files: RuleFile[],
  path: string,
  { directory, namedBy, pipes }: { readonly directory: string; readonly namedBy: string; readonly pipes: boolean },
  report: Report,
): Promise<void> {
  try {
    const text = await readText(resolve(directory, path), pipes);
    files.push({ path, text });
  } catch (error) {
    report(path, reason(error, namedBy));
  }
}

async function readText(path: string, pipes: boolean): Promise<string> {
  const bytes = await readBounded(path, { limit: YAML_SIZE_LIMIT, pipes, advice: 'split it' });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('the file is not UTF-8 text');
  }
}

function reason(error: unknown, namedBy: string): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOENT') return `there is no such file or directory; name another one with ${namedBy}`;
  if (code === 'EACCES' || code === 'EPERM') return 'the file may not be read by this user';
  if (code === 'EISDIR') return 'this is a directory';
  return errorText(error);
}
