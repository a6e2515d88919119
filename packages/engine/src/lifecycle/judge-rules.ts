import { Worker } from 'node:worker_threads';
import { errorText, parseJson, TalonError, type Issue } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import { deepFreeze } from '../rules/deep-freeze.ts';
import { loadRules, type LoadedRules } from '../rules/load-rules.ts';
import type { Rule, RuleAction, RuleFile } from '../rules/rule.ts';
import { validated } from '../rules/validated.ts';
import type { Doubt, JudgedRules, RulesToJudge, SentAction, SentRule } from './judge-worker.ts';

/** Characters that are parsed and checked in a few milliseconds: less than it takes to start a worker. */
const SMALL = 32 * 1024;
/** Ten times what the largest rules files need that are still read. Milliseconds. */
const LIMIT = 120_000;
/** The ending is that of this file: sources run as they are. */
const WORKER = new URL(`./judge-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);

/**
 * As `loadRules`, without holding up the events that come meanwhile: ten thousand rules take seconds to parse, so they are
 * judged in a thread of their own and come over piece by piece.
 * A thread that fails makes the rules invalid, so that they are not tried again until they change.
 * @param allRead as of `loadRules`
 * @throws TalonError `aborted` when the signal fired
 */
export async function judgeRules(
  files: readonly RuleFile[],
  registry: Registry,
  signal: AbortSignal,
  allRead = true,
): Promise<LoadedRules> {
  const size = files.reduce((sum, { text }) => sum + text.length, 0);
  return size <= SMALL ? loadRules(files, registry, allRead) : judgeApart(files, registry, signal, allRead);
}

export async function judgeApart(
  files: readonly RuleFile[],
  registry: Registry,
  signal: AbortSignal,
  allRead = true,
): Promise<LoadedRules> {
  try {
    const parts = describeParts(registry);
    const judged = await runWorker({ files, allRead, parts, doubts: [] }, signal);
    const doubts = (judged.ruleSet?.rules ?? []).flatMap((rule) => doubtsOf(rule, registry));
    // Where in the files it stands, only the thread knows: it is told what to find.
    return doubts.length === 0 ? judged : await runWorker({ files, allRead, parts, doubts }, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return failed(files, error);
  }
}

function failed(files: readonly RuleFile[], error: unknown): LoadedRules {
  const message = `the rules could not be judged: ${errorText(error)}`;
  const file = files[0]?.path ?? '';
  return { ruleSet: undefined, problems: [{ file, line: 0, column: 0, severity: 'error', path: '', message }] };
}

async function runWorker(workerData: RulesToJudge, signal: AbortSignal): Promise<LoadedRules> {
  const stopping = () => new TalonError('aborted', 'Falco Talon is stopping');
  if (signal.aborted) throw stopping();
  const worker = new Worker(WORKER, { workerData, name: 'rules' });
  const ended = Promise.withResolvers<LoadedRules>();
  const rules: Rule[] = [];
  const stop = () => ended.reject(stopping());
  const timer = setTimeout(() => ended.reject(new Error(`it took longer than ${LIMIT / 1000} s`)), LIMIT);
  signal.addEventListener('abort', stop, { once: true });
  worker.on('message', ({ part, version, problems }: JudgedRules) => {
    for (const rule of part ?? []) rules.push(received(rule));
    if (problems) ended.resolve({ ruleSet: version === undefined ? undefined : { version, rules }, problems });
  });
  worker.on('error', ended.reject);
  worker.on('exit', (code) => ended.reject(new Error(`the thread ended with ${code}`)));
  try {
    return await ended.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

/** All of the plugins that is data and concerns rules: schemas, sources, defaults. */
function describeParts(registry: Registry): RulesToJudge['parts'] {
  const describe = (parts: ReadonlyMap<string, { readonly part: object }>) =>
    JSON.stringify(
      Array.from(parts, ([name, { part, ...owner }]) => [
        name,
        { ...owner, part: { ...part, uses: undefined, examples: undefined } },
      ]),
    );
  const { actionners, outputs, contexts, notifiers } = registry;
  return {
    actionners: describe(actionners),
    outputs: describe(outputs),
    contexts: describe(contexts),
    notifiers: describe(notifiers),
  };
}

function received({ actions, ...rule }: SentRule): Rule {
  return { ...rule, actions: actions.map(receivedAction) };
}

function receivedAction(action: SentAction): RuleAction {
  if (!('exact' in action)) return { ...action, parameters: deepFreeze(action.parameters) };
  const { exact, ...rest } = action;
  const { parameters, output } = parseJson(exact) as Pick<RuleAction, 'parameters' | 'output'>;
  return { ...rest, parameters: deepFreeze(parameters), ...(output && { output }) };
}

/** What only code of a plugin finds: the worker has none. */
function doubtsOf({ actions }: Rule, registry: Registry): readonly Doubt[] {
  return actions.flatMap(({ actionner, parameters, output }) => {
    const action = registry.actionners.get(actionner)?.part;
    const store = output && registry.outputs.get(output.target)?.part;
    return [
      ...doubt('actionners', actionner, parameters, () => action?.validate?.(parameters) ?? []),
      ...(output
        ? doubt('outputs', output.target, output.parameters, () => store?.validate?.(output.parameters) ?? [])
        : []),
    ];
  });
}

function doubt(
  kind: Doubt['kind'],
  name: string,
  parameters: unknown,
  check: () => readonly Issue[],
): readonly Doubt[] {
  const issues = validated(check).map(({ path, message }) => ({ path: [...path], message }));
  return issues.length === 0 ? [] : [{ kind, name, parameters: JSON.stringify(parameters), issues }];
}
