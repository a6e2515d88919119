import { parentPort, workerData } from 'node:worker_threads';
import { isExactNumber, type Issue } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import { loadRules } from '../rules/load-rules.ts';
import { respellParameters } from '../rules/own-tokens.ts';
import type { Problem, Rule, RuleAction, RuleFile } from '../rules/rule.ts';

export interface RulesToJudge {
  readonly files: readonly RuleFile[];
  readonly allRead: boolean;
  /** By kind, the names and what is data of the parts, as JSON. */
  readonly parts: Readonly<Record<'actionners' | 'outputs' | 'contexts' | 'notifiers', string>>;
  /** What the code of plugins found in an earlier run over these files. */
  readonly doubts: readonly Doubt[];
}

/** What a plugin has against parameters of one of its parts. */
export interface Doubt {
  readonly kind: 'actionners' | 'outputs';
  readonly name: string;
  /** As JSON. */
  readonly parameters: string;
  readonly issues: readonly Issue[];
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

function judge({ files, allRead, parts, doubts }: RulesToJudge): void {
  const read = (json: string) => new Map(JSON.parse(json) as [string, never][]);
  const doubted = (kind: Doubt['kind']) =>
    new Map(Array.from(read(parts[kind]), ([name, owned]) => [name, withDoubts(owned, kind, name, doubts)]));
  const registry: Registry = {
    actionners: doubted('actionners'),
    outputs: doubted('outputs'),
    contexts: read(parts.contexts),
    notifiers: read(parts.notifiers),
    guards: new Map(),
    queues: new Map(),
    elections: new Map(),
    clients: new Map(),
  };
  const { ruleSet, problems } = loadRules(files, registry, allRead);
  const rules = ruleSet?.rules ?? [];
  for (let start = 0; start < rules.length; start += PIECE) {
    tell({ part: rules.slice(start, start + PIECE).map(sent) });
  }
  tell({ problems, ...(ruleSet && { version: ruleSet.version }) });
}

/** The part, with a check of its own that says again what the plugin's said. */
function withDoubts(
  owned: { readonly part: object },
  kind: Doubt['kind'],
  name: string,
  doubts: readonly Doubt[],
): never {
  const issues = new Map(
    doubts
      .filter((doubt) => doubt.kind === kind && doubt.name === name)
      .map((doubt) => [doubt.parameters, doubt.issues]),
  );
  if (issues.size === 0) return owned as never;
  const written = (parameters: Record<string, unknown>) =>
    JSON.stringify(kind === 'actionners' ? respellParameters(parameters) : parameters);
  return {
    ...owned,
    part: { ...owned.part, validate: (parameters: Record<string, unknown>) => issues.get(written(parameters)) ?? [] },
  } as never;
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
