import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readBounded, readYaml, YAML_SIZE_LIMIT, type YamlDocument } from '@falco-talon/engine';
import type { Variables } from './environment.ts';
import { fileError } from './file-error.ts';
import type { ConfigProblem } from './origins.ts';

export interface ConfigSources {
  /** As given with `-c`; it must exist. Absent: the usual places, none of which must. */
  readonly file?: string;
  readonly variables: Variables;
  readonly workingDirectory: string;
  /** `-r`: replaces the config's list. */
  readonly rulesFiles?: readonly string[];
  /** `--dry-run` */
  readonly observe?: boolean;
}

/** The config file, read but not judged yet: which keys are right depends on the plugins it names. */
export interface ConfigFile {
  /** Undefined: there is none, and none was asked for. */
  readonly path: string | undefined;
  readonly document: YamlDocument | undefined;
  readonly problems: readonly ConfigProblem[];
}

const SYSTEM_CONFIG = '/etc/falco-talon/config.yaml';

export async function readConfigFile({ file, workingDirectory }: ConfigSources): Promise<ConfigFile> {
  const usual = [SYSTEM_CONFIG, 'config.yaml'];
  const given = file ?? usual.find((candidate) => existsSync(resolve(workingDirectory, candidate)));
  if (given === undefined) return { path: given, document: undefined, problems: [] };
  const path = resolve(workingDirectory, given);
  let text: string;
  try {
    text = (await readBounded(path, { limit: YAML_SIZE_LIMIT, pipes: true })).toString();
  } catch (error) {
    const origin = { from: 'unreadable', file: given } as const;
    return {
      path,
      document: undefined,
      problems: [{ origin, path: '', message: `${fileError(error)}; name another one with -c` }],
    };
  }
  const document = readYaml(given, text);
  const problems = document.problems.map(({ path: place, message, ...position }) => ({
    origin: { from: 'file', position } as const,
    path: place,
    message: withoutContent(message),
  }));
  return { path, document, problems };
}

/** Of YAML that cannot be read nobody knows what is secret, so only names of keys are repeated. */
function withoutContent(message: string): string {
  return message.replaceAll(/([!&*])[^\s;,)…]+/g, '$1…').replaceAll(/"[^"]*"(?! stands here twice)/g, '"…"');
}

/** Where relative paths of the config start. */
export function configDirectory(file: ConfigFile, sources: ConfigSources): string {
  return file.path === undefined ? sources.workingDirectory : dirname(file.path);
}
