import { asTalonError, TalonError, type Logger } from '@falco-talon/core';
import { formatProblem } from '../rules/format-problem.ts';
import { loadRules } from '../rules/load-rules.ts';
import { readRuleFiles } from '../rules/read-files.ts';
import type { Problem } from '../rules/rule.ts';
import type { Registry } from '../registry/registry.ts';
import type { EngineSettings, Observer } from './engine.ts';
import { createGeneration, type Generation, type GenerationDeps } from './generation.ts';
import { watchRules, type RulesWatch } from './watch-rules.ts';

/** The rules in force, and the ways they change. */
export interface RulesSource {
  current(): Generation;
  /** Validates, builds, then swaps in one step. Invalid rules leave the running ones in force. */
  reload(): Promise<readonly Problem[]>;
  watch(): void;
  close(): Promise<void>;
}

export interface RulesSourceDeps extends GenerationDeps {
  readonly logger: Logger;
  readonly observer: Observer;
}

/** @throws TalonError `invalid_rules` or `invalid_config` that lists every problem */
export async function openRules(deps: RulesSourceDeps): Promise<RulesSource> {
  const { settings, logger, observer, registry } = deps;
  const first = await load(settings, registry);
  warn(first.problems, logger);
  if (!first.ruleSet) throw new TalonError('invalid_rules', problemText(first.problems));
  let current = await createGeneration(first.ruleSet, deps);
  let seen = first.version;
  let pending: Promise<readonly Problem[]> = Promise.resolve([]);
  let watcher: RulesWatch | undefined;

  async function swap(): Promise<readonly Problem[]> {
    const { ruleSet, problems, version } = await load(settings, registry);
    if (version === seen) return problems;
    seen = version;
    try {
      if (!ruleSet) throw new TalonError('invalid_rules', problemText(problems));
      const next = await createGeneration(ruleSet, deps);
      const previous = current;
      current = next;
      observer.reload('success');
      warn(problems, logger);
      logger.info('rules reloaded', { rules_version: ruleSet.version, rules: ruleSet.rules.length });
      await previous.release();
    } catch (thrown) {
      const error = asTalonError(thrown);
      observer.reload('failure');
      logger.error('rules not reloaded, the running rules stay in force', {
        rules_version: current.ruleSet.version,
        error: error.message,
      });
    }
    return problems;
  }

  /** One reload at a time; each sees the files as they are when its turn comes. */
  function reload(): Promise<readonly Problem[]> {
    pending = pending.then(swap, swap);
    return pending;
  }

  return {
    current: () => current,
    reload,
    watch() {
      watcher = watchRules(settings.rulesFiles, () => {
        reload().catch((error: unknown) => logger.error('rules not read', { error: asTalonError(error).message }));
      });
    },
    async close() {
      watcher?.close();
      await pending.catch(() => {});
      await current.release();
    },
  };
}

async function load(settings: EngineSettings, registry: Registry) {
  const { files, problems: unread } = await readRuleFiles(settings.rulesFiles);
  const { ruleSet, problems: wrong } = loadRules(files, registry);
  const problems = [...unread, ...wrong];
  const usable = unread.length === 0 ? ruleSet : undefined;
  // Also of rules that are wrong: what was refused once is refused silently until it changes.
  const version = JSON.stringify([files, problems]);
  return { ruleSet: usable, problems, version };
}

function warn(problems: readonly Problem[], logger: Logger): void {
  for (const problem of problems) {
    if (problem.severity === 'warning') logger.warn('rules', { problem: formatProblem(problem) });
  }
}

function problemText(problems: readonly Problem[]): string {
  return problems
    .filter((problem) => problem.severity === 'error')
    .map((problem) => formatProblem(problem))
    .join('\n');
}
