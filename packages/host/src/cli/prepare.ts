import { isAbsolute, relative } from 'node:path';
import {
  loadRules,
  notifierProblems,
  printable,
  problemFormatter,
  readRuleFiles,
  type PlanOptions,
  type Problem,
  type ReadRuleFiles,
  type RuleFile,
  type RuleSet,
} from '@falco-talon/engine';
import { configDirectory, readConfigFile, type ConfigFile, type ConfigSources } from '../config/config-file.ts';
import { loadConfig, pluginList, type Config, type Effective } from '../config/load-config.ts';
import { formatConfigProblem } from '../config/origins.ts';
import { refuseExit } from '../lifecycle/process-guard.ts';
import { loadPlugins, type LoadedPlugins, type PluginSources } from '../plugins/load-plugins.ts';
import type { CommandInput } from './command.ts';

export interface Prepared {
  /** Undefined when it has problems. */
  readonly config: Config | undefined;
  readonly sources: ConfigSources;
  readonly file: ConfigFile;
  /** What is known of it even then. */
  readonly effective: Effective | undefined;
  /** The rules files to read, when at least those are known. */
  readonly rulesFiles: readonly string[] | undefined;
  readonly loaded: LoadedPlugins;
  /** Sentences, each with its place. */
  readonly problems: readonly string[];
}

/** Config file, plugins, then the whole config: what every command that works on something begins with. */
export async function prepare({ program, options }: CommandInput): Promise<Prepared> {
  const sources = configSources(program, options);
  const file = await readConfigFile(sources);
  const list = pluginList(file, sources);
  const loaded = await load(program, { list, directories: [configDirectory(file, sources), program.directory] });
  // The keys of a plugin that did not load are unknown through no fault of theirs.
  const { config, effective, rulesFiles, problems } = loadConfig(
    file,
    sources,
    loaded.registry,
    loaded.problems.length === 0,
  );
  return {
    sources,
    file,
    config: file.problems.length > 0 ? undefined : config,
    effective,
    // A file that cannot be read may name other rules than the default ones.
    rulesFiles: file.problems.length > 0 ? sources.rulesFiles : rulesFiles,
    loaded,
    problems: [
      ...[...file.problems, ...problems].map(formatConfigProblem),
      ...loaded.problems.map((text) => printable(text)),
    ],
  };
}

/** A module may do anything while it loads; ending the process is not among it. */
async function load(
  { process, plugins }: CommandInput['program'],
  from: Omit<PluginSources, 'shipped'>,
): Promise<LoadedPlugins> {
  const allowExit = process && refuseExit(process);
  try {
    return await loadPlugins({ shipped: await plugins(), ...from });
  } finally {
    allowExit?.();
  }
}

function configSources(program: CommandInput['program'], options: CommandInput['options']): ConfigSources {
  const file = options['config'] as string | undefined;
  const rulesFiles = options['rules'] as readonly string[] | undefined;
  return {
    variables: program.environment,
    workingDirectory: program.workingDirectory,
    ...(file === undefined ? {} : { file }),
    ...(rulesFiles === undefined ? {} : { rulesFiles }),
    ...(options['dryRun'] === true ? { observe: true } : {}),
  };
}

/** How the server of this configuration would plan with these rules. */
export function planOptions({ version }: RuleSet, { host }: Config): PlanOptions {
  return { observe: host.mode === 'observe', defaultNotifiers: host.default_notifiers, ruleSetVersion: version };
}

export interface CheckedRules {
  /** Undefined when there are errors. */
  readonly ruleSet: RuleSet | undefined;
  readonly files: readonly RuleFile[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** The rules, against the plugins that are loaded; with a config also the notifiers they use. */
export async function checkRules(prepared: Prepared): Promise<CheckedRules> {
  const { loaded } = prepared;
  const { files, problems: unread } = await readRules(prepared);
  const unreadable = unread.some(({ severity }) => severity === 'error');
  const { ruleSet, problems: wrong } = loadRules(files, loaded.registry, !unreadable);
  const problems = [...unread, ...wrong];
  const { unknown, incomplete } = checkNotifiers(ruleSet, prepared);
  return {
    ruleSet: unreadable || unknown.length > 0 ? undefined : ruleSet,
    files,
    errors: [...worded(problems, files, 'error'), ...unknown],
    warnings: [...worded(problems, files, 'warning'), ...incomplete],
  };
}

/** Files below the working directory are named as seen from there, wherever they are told of. */
export function readRules({ rulesFiles = [], sources: { workingDirectory } }: Prepared): Promise<ReadRuleFiles> {
  const near = (path: string) => {
    const below = relative(workingDirectory, path);
    return below === '' || below.startsWith('..') || isAbsolute(below) ? path : below;
  };
  return readRuleFiles(rulesFiles.map(near), undefined, workingDirectory);
}

/** Of rules that did not load nobody knows whom they tell; the default notifiers are known all the same. */
const NO_RULES: RuleSet = { version: '', rules: [] };

/** `incomplete` keeps the server from starting; elsewhere secrets are often missing, so there it is a warning. */
function checkNotifiers(ruleSet: RuleSet | undefined, { config, loaded }: Prepared) {
  if (!config) return { unknown: [], incomplete: [] };
  const { registry } = loaded;
  const { sections, host } = config;
  const problemsWith = (notifiers: typeof sections.notifiers) =>
    notifierProblems(ruleSet ?? NO_RULES, registry, {
      defaultNotifiers: host.default_notifiers,
      sections: { ...sections, notifiers },
    });
  const unknown = problemsWith(new Map());
  const incomplete = problemsWith(sections.notifiers).filter((problem) => !unknown.includes(problem));
  return { unknown, incomplete: incomplete.map((problem) => `warning: ${problem}`) };
}

function worded(
  problems: readonly Problem[],
  files: readonly RuleFile[],
  severity: Problem['severity'],
): readonly string[] {
  return problems.filter((problem) => problem.severity === severity).map(problemFormatter(files));
}
