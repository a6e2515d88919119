import { glob, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileError } from '../../config/file-error.ts';

/** What a test file in a directory is called. */
const PATTERN = '**/*{_test,.test}.{yaml,yml}';
const FILES_LIMIT = 10_000;

export interface FoundFiles {
  readonly files: readonly string[];
  /** Sentences, each with its path. */
  readonly problems: readonly string[];
}

/** Files are taken as they are; a directory stands for the test files in it and its folders, in name order. */
export async function findTestFiles(paths: readonly string[], workingDirectory: string): Promise<FoundFiles> {
  const files = new Set<string>();
  const problems: string[] = [];
  for (const path of paths) {
    try {
      const directory = resolve(workingDirectory, path);
      if (!(await stat(directory)).isDirectory()) {
        files.add(path);
        continue;
      }
      const found = await testFilesIn(directory);
      if (found.length === 0) problems.push(`${path}: no file in it is called *_test.yaml or *.test.yaml`);
      for (const name of found) files.add(join(path, name));
    } catch (error) {
      problems.push(`${path}: ${fileError(error)}`);
    }
    if (files.size > FILES_LIMIT) return { files: [], problems: [`${path}: more than ${FILES_LIMIT} test files`] };
  }
  return { files: [...files], problems };
}

async function testFilesIn(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  const exclude = (name: string) => name === 'node_modules' || /^\../.test(name);
  for await (const name of glob(PATTERN, { cwd: directory, exclude })) {
    found.push(name);
    if (found.length > FILES_LIMIT) break;
  }
  return found.toSorted();
}
