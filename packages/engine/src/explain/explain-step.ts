import { errorText, isExactNumber, tokenName, type FalcoEvent, type Target } from '@falco-talon/core';
import { missingFields } from '../act/required-fields.ts';
import { tokensOf } from '../enrich/tokens.ts';
import type { PlannedStep } from '../plan/plan.ts';
import type { Registry } from '../registry/registry.ts';
import type { RuleOutput } from '../rules/rule.ts';

export interface ExplainedStep {
  readonly rule: string;
  readonly action: string;
  readonly actionner: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly contexts: readonly string[];
  readonly output: RuleOutput | null;
  readonly notifiers: readonly string[];
  readonly continue: boolean;
  readonly ignore_errors: boolean;
  readonly dry_run: boolean;
  /** What it acts on, as far as the alert tells; null: nothing, or the alert does not tell. */
  readonly target: Target | null;
  /** The `${NAME}` of its parameters: what they are for this alert, null for what it does not have. */
  readonly tokens: Readonly<Record<string, string | null>>;
  /** Output fields it needs and the alert lacks, so that it would fail; of each inner list any one would do. */
  readonly missing_fields: readonly (readonly string[])[];
  /** Why it would fail, in words; null when nothing is known to stand against it. */
  readonly failure: string | null;
  /** What a guard would say, as far as it is known without a cluster; null: no guard is known to refuse it. */
  readonly refusal: string | null;
}

export function explainStep(step: PlannedStep, event: FalcoEvent, registry: Registry): ExplainedStep {
  const actionner = registry.actionners.get(step.actionner)?.part;
  const missing = actionner ? missingFields(actionner, event) : [];
  const { target, failure } = stepTarget(step, event, registry);
  return {
    rule: step.rule,
    action: step.action,
    actionner: step.actionner,
    parameters: step.parameters,
    contexts: step.contexts,
    output: step.output ?? null,
    notifiers: step.notifiers,
    continue: step.continue,
    ignore_errors: step.ignoreErrors,
    dry_run: step.dryRun,
    target: target ?? null,
    tokens: tokensIn(step, event, registry),
    missing_fields: missing,
    failure: failure ?? null,
    refusal: null,
  };
}

/** What a step would act on, by the function the server asks. */
export function stepTarget(
  { actionner, parameters }: PlannedStep,
  event: FalcoEvent,
  registry: Registry,
): { readonly target?: Target | undefined; readonly failure?: string } {
  try {
    return { target: registry.actionners.get(actionner)?.part.target({ event, parameters }) };
  } catch (error) {
    return { failure: errorText(error) };
  }
}

/** Commands and scripts are left to a shell, which has further names of its own. */
const SHELL_PARAMETERS: ReadonlySet<string> = new Set(['command', 'script']);

/** The names in a step's parameters, with what they are for this alert. */
export function tokensIn(step: PlannedStep, event: FalcoEvent, registry: Registry): ExplainedStep['tokens'] {
  const texts = Object.entries(step.parameters).flatMap(([key, value]) =>
    textsIn(value).map((text) => ({ key, text })),
  );
  const tokens = tokensOf(event, step, new Map());
  const later = contextTokens(step, registry);
  const found = new Map<string, string | null>();
  for (const { key, text } of texts) {
    const shell = SHELL_PARAMETERS.has(key);
    for (const name of shell ? shellNames(text) : tokenNames(text)) {
      const value = tokens.get(name) ?? tokens.get(tokenName(name));
      const context = later.get(tokenName(name));
      if (value !== undefined) found.set(name, value);
      else if (context !== undefined) found.set(name, `(of the context ${context})`);
      else if (!shell) found.set(name, null);
    }
  }
  return Object.fromEntries(found);
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || isExactNumber(value)) return [];
  return Object.values(value).flatMap(textsIn);
}

function tokenNames(text: string): string[] {
  return [...text.matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => name!);
}

function shellNames(text: string): string[] {
  return [...text.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name]) => name!);
}

/** What the contexts of the step will add, when they are fetched. */
function contextTokens({ contexts }: PlannedStep, registry: Registry): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const name of contexts) {
    const { elements = {}, aliases = {} } = registry.contexts.get(name)?.part ?? {};
    for (const element of [...Object.keys(elements), ...Object.keys(aliases)]) found.set(tokenName(element), name);
  }
  return found;
}
