import { setTimeout as delay } from 'node:timers/promises';
import { asTalonError, TalonError, type Logger } from '@falco-talon/core';
import { problemFormatter } from '../rules/format-problem.ts';
import { readRuleFiles, type ReadRuleFiles } from '../rules/read-files.ts';
import { readSettled, versionOf } from '../rules/read-settled.ts';
import type { Problem, RuleFile } from '../rules/rule.ts';
import type { Registry } from '../registry/registry.ts';
import type { Observer } from './engine.ts';
import { createGeneration, type Generation, type GenerationDeps } from './generation.ts';
import { judgeRules } from './judge-rules.ts';
import { watchRules, type RulesWatch } from './watch-rules.ts';

/** Milliseconds between two reads of files that changed. */
const BETWEEN_READS = 50;

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
  const found = await readRuleFiles(settings.rulesFiles);
  const stopping = new AbortController();
  const { signal } = stopping;
  const first = await judge(found, registry, signal);
  warn(first.problems, found.files, logger);
  if (!first.ruleSet) throw new TalonError('invalid_rules', errorsIn(first.problems, found.files).join('\n'));
  let current = await createGeneration(first.ruleSet, deps, signal);
  let judged = { version: versionOf(found), problems: first.problems };
  /** What the log said last about rules that could not be taken into force. */
  let refused = '';
  let running: Promise<readonly Problem[]> = Promise.resolve([]);
  let next: Promise<readonly Problem[]> | undefined;
  let watcher: RulesWatch | undefined;

  async function swap(): Promise<readonly Problem[]> {
    const { read, version } = await readSettled(
      judged.version,
      // A pipe has nothing twice, and may keep a reader forever.
      () => readRuleFiles(settings.rulesFiles, undefined, undefined, { pipes: false }),
      () => delay(BETWEEN_READS, undefined, { signal }),
    );
    if (version === judged.version) return judged.problems;
    const { ruleSet, problems } = await judge(read, registry, signal);
    // What is wrong in the files stays wrong until they change; a client that cannot be created may be tomorrow.
    if (!ruleSet) judged = { version, problems };
    if (!ruleSet) {
      const errors = errorsIn(problems, read.files);
      refuse(`the rules have ${errors.length === 1 ? 'an error' : `${errors.length} errors`}`, version, errors);
      return problems;
    }
    try {
      const generation = await createGeneration(ruleSet, deps, signal);
      const previous = current;
      current = generation;
      judged = { version, problems };
      refused = '';
      observer.reload('success');
      warn(problems, read.files, logger);
      logger.info('rules reloaded', { rules_version: ruleSet.version, rules: ruleSet.rules.length });
      await previous.release();
    } catch (thrown) {
      if (!signal.aborted) refuse(asTalonError(thrown).message, version);
    }
    return problems;
  }

  function refuse(error: string, version: string, problems?: readonly string[]): void {
    const refusal = `${version}\n${error}`;
    if (refusal === refused) return;
    refused = refusal;
    observer.reload('failure');
    logger.error('rules not reloaded, the running rules stay in force', {
      rules_version: current.ruleSet.version,
      error,
      ...(problems && { problems }),
    });
  }

  /** One reload at a time, and at most one that waits: it sees the files as they are when its turn comes. */
  function reload(): Promise<readonly Problem[]> {
    const begin = () => {
      next = undefined;
      running = swap();
      return running;
    };
    next ??= running.then(begin, begin);
    return next;
  }

  return {
    current: () => current,
    reload,
    watch() {
      watcher = watchRules(settings.rulesFiles, () => {
        reload().catch((error: unknown) => {
          if (!signal.aborted) logger.error('rules not read', { error: asTalonError(error).message });
        });
      });
    },
    async close() {
      watcher?.close();
      stopping.abort();
      await (next ?? running).catch(() => {});
      await current.release();
    },
  };
}

async function judge({ files, problems: unread }: ReadRuleFiles, registry: Registry, signal: AbortSignal) {
  const allRead = unread.every(({ severity }) => severity === 'warning');
  const { ruleSet, problems: wrong } = await judgeRules(files, registry, signal, allRead);
  return { ruleSet: allRead ? ruleSet : undefined, problems: [...unread, ...wrong] };
}

function warn(problems: readonly Problem[], files: readonly RuleFile[], logger: Logger): void {
  const format = problemFormatter(files);
  for (const problem of problems) {
    if (problem.severity === 'warning') logger.warn('rules', { problems: [format(problem)] });
  }
}

/** Each with its place and the line it is in. */
function errorsIn(problems: readonly Problem[], files: readonly RuleFile[]): readonly string[] {
  return problems.filter(({ severity }) => severity === 'error').map(problemFormatter(files));
}
