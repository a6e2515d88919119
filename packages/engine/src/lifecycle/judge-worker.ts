import { parentPort, workerData } from 'node:worker_threads';
import { isExactNumber } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import { loadRules } from '../rules/load-rules.ts';
import type { Problem, Rule, RuleAction, RuleFile } from '../rules/rule.ts';

export interface RulesToJudge {
  readonly files: readonly RuleFile[];
  /** By kind, the names and what is data of the parts, as JSON. */
  readonly parts: Readonly<Record<'actionners' | 'outputs' | 'contexts' | 'notifiers', string>>;
}

/** Exact numbers cannot go from thread to thread: where there are some, parameters and output are sent as JSON. */
export type SentAction = RuleAction | (Omit<RuleAction, 'parameters' | 'output'> & { readonly exact: string });
export type SentRule = Omit<Rule, 'actions'> & { readonly actions: readonly SentAction[] };

/** What the worker says: the rules in pieces, then the rest. */
export interface JudgedRules {
  readonly part?: readonly SentRule[];
  readonly version?: string;
  readonly problems?: readonly Problem[];
}

/** Rules that come over in one piece: small enough to be taken in between two events. */
const PIECE = 200;

function judge({ files, parts }: RulesToJudge): void {
  const read = (json: string) => new Map(JSON.parse(json) as [string, never][]);
  const registry: Registry = {
    actionners: read(parts.actionners),
    outputs: read(parts.outputs),
    contexts: read(parts.contexts),
    notifiers: read(parts.notifiers),
    guards: new Map(),
    queues: new Map(),
    clients: new Map(),
  };
  const { ruleSet, problems } = loadRules(files, registry);
  const rules = ruleSet?.rules ?? [];
  for (let start = 0; start < rules.length; start += PIECE) {
    tell({ part: rules.slice(start, start + PIECE).map(sent) });
  }
  tell({ problems, ...(ruleSet && { version: ruleSet.version }) });
}

function tell(judged: JudgedRules): void {
  parentPort?.postMessage(judged);
}

function sent(rule: Rule): SentRule {
  return {
    ...rule,
    actions: rule.actions.map((action) => {
      const { parameters, output, ...rest } = action;
      return isExact({ parameters, output }) ? { ...rest, exact: JSON.stringify({ parameters, output }) } : action;
    }),
  };
}

function isExact(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isExactNumber(value) || Object.values(value).some(isExact);
}

judge(workerData as RulesToJudge);
