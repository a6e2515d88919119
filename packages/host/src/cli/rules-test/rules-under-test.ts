import { compileMatcher, type JudgeDeps } from '@falco-talon/engine';
import { checkRules, planOptions, type Prepared } from '../prepare.ts';

export interface LoadedForTests {
  /** Undefined when they have errors. */
  readonly deps: JudgeDeps | undefined;
  readonly errors: readonly string[];
}

export interface RulesUnderTest {
  /** @param paths undefined: those of `--rules` or the configuration */
  load(paths: readonly string[] | undefined): Promise<LoadedForTests>;
}

/** Rules that several test files name are loaded once. */
export function rulesUnderTest(prepared: Prepared, warn: (text: string) => void): RulesUnderTest {
  const loaded = new Map<string, Promise<LoadedForTests>>();

  async function load(rulesFiles: Prepared['rulesFiles']): Promise<LoadedForTests> {
    const { ruleSet, errors, warnings } = await checkRules({ ...prepared, rulesFiles });
    for (const text of warnings) warn(text);
    if (!ruleSet || errors.length > 0) return { deps: undefined, errors };
    const options = planOptions(ruleSet, prepared.config!);
    const { registry } = prepared.loaded;
    return { deps: { ruleSet, matcher: compileMatcher(ruleSet), registry, options }, errors };
  }

  return {
    load(paths) {
      const rulesFiles = paths ?? prepared.rulesFiles;
      const key = JSON.stringify(rulesFiles);
      const pending = loaded.get(key) ?? load(rulesFiles);
      loaded.set(key, pending);
      return pending;
    },
  };
}
