import { errorText, type Actionner, type Clients, type FalcoEvent, type TObject, type Uses } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import type { RunOptions } from '../../run/attempt.ts';
import { runActionner, type Outcome } from '../../run/run-actionner.ts';
import {
  eventsOf,
  identities,
  resourceText,
  rulesOf,
  type AccessRule,
  type KubernetesSuiteOptions,
  type TestedRequest,
} from './tested-cluster.ts';

/** Parameters and alerts beside the examples that show what a right is for. */
export interface PermissionCase {
  readonly description: string;
  /** Default: those of the first example. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Default: those of the suite. */
  readonly events?: readonly FalcoEvent[] | (() => readonly FalcoEvent[]);
  /** Called after the suite's `prepare`. */
  readonly prepare?: () => unknown;
}

export interface PermissionSuiteOptions extends KubernetesSuiteOptions {
  readonly cases?: readonly PermissionCase[];
  /** Rights neither an example nor a case shows, as `get deployments.apps`. They say in `when` what they are for. */
  readonly unshown?: readonly string[];
}

interface Right {
  /** `get deployments.apps` */
  readonly text: string;
  readonly when: string | undefined;
  /** All the others. */
  readonly others: readonly AccessRule[];
}

/** Each verb on each resource, with the set that lacks just that. */
function rightsOf(actionner: Pick<Actionner, 'permissions'>): readonly Right[] {
  const single = actionner.permissions.flatMap((permission) =>
    permission.kind !== 'kubernetes'
      ? []
      : permission.resources.flatMap((resource) =>
          permission.verbs.map((verb) => ({
            text: `${verb} ${resourceText(permission.apiGroup, resource)}`,
            when: permission.when,
            rule: { apiGroups: [permission.apiGroup], resources: [resource], verbs: [verb] },
          })),
        ),
  );
  const texts = [...new Set(single.map(({ text }) => text))];
  return texts.map((text) => {
    const same = single.filter((right) => right.text === text);
    return {
      text,
      // Needed always when one of the entries says so.
      when: same.every(({ when }) => when !== undefined) ? same[0]?.when : undefined,
      others: single.filter((right) => right.text !== text).map(({ rule }) => rule),
    };
  });
}

/**
 * Shows that the Kubernetes rights an actionner names are enough and that each is needed. With exactly them every example
 * works, dry run included; without one of them an example fails with `forbidden`, for good, and says which right is missing,
 * or the right's `when` says that it is not always needed. One line in a spec file:
 * `testPermissions(label, { cluster: () => cluster, events: [falcoEvent()] })`
 */
export function testPermissions<P extends TObject, F extends TObject, U extends Uses>(
  actionner: Actionner<P, F, U>,
  options: PermissionSuiteOptions,
): void {
  const scenarios: readonly PermissionCase[] = [...actionner.examples, ...(options.cases ?? [])];
  const example = actionner.examples[0].parameters;

  async function* outcomes(clients: Clients<U>, { parameters, events, prepare }: PermissionCase) {
    for (let index = 0; ; index++) {
      for (const dryRun of [true, false]) {
        await options.prepare?.();
        await prepare?.();
        const event = eventsOf({ events: events ?? options.events })[index];
        if (event === undefined) return;
        options.cluster().clearRequests();
        const run: RunOptions<U> = { clients, event, parameters: parameters ?? example, dryRun };
        yield { index, outcome: await runActionner(actionner, run) };
      }
    }
  }
  const refusals = (): readonly string[] =>
    options
      .cluster()
      .requests.filter(({ status }) => status === 403)
      .map(rightOf);

  describe(`the rights of actionner ${actionner.name}`, () => {
    const as = identities(options.cluster, actionner.uses);
    const shown = new Set<string>();
    const rights = rightsOf(actionner);
    /** The rights a scenario makes use of: without another one it runs as before. */
    const used = new Map<PermissionCase, Set<string>>();
    let tried = 0;

    it.each(scenarios.map((scenario) => [scenario.description, scenario] as const))(
      'are enough, dry run included, for: %s',
      async (_, scenario) => {
        const clients = await as.with(rulesOf(actionner));
        const uses = new Set<string>();
        for await (const { outcome } of outcomes(clients, scenario)) {
          expect(outcome.error, errorText(outcome.error)).toBeUndefined();
          expect(refusals()).toEqual([]);
          for (const request of options.cluster().requests) uses.add(rightOf(request));
        }
        // What the API server asks for beside the verb of a request: of an exec, of an apply that creates.
        for (const text of uses) uses.add(text.replace(/^\w+/, 'create'));
        used.set(scenario, uses);
      },
    );

    it.each(rights.map((right) => [right.text, right] as const))('without %s it says so', async (text, right) => {
      const clients = await as.with(right.others);
      for (const scenario of scenarios) {
        const isExample = (actionner.examples as readonly PermissionCase[]).includes(scenario);
        if (!isExample && used.get(scenario)?.has(text) === false) continue;
        const needing = new Set<number>();
        const all = new Set<number>();
        for await (const { index, outcome } of outcomes(clients, scenario)) {
          all.add(index);
          if (outcome.error) {
            needing.add(index);
            expectNamed(outcome, text);
          } else if (refusals().length > 0 && (outcome.message.includes(text) || right.when === undefined)) {
            needing.add(index);
            expect(outcome.message, 'it goes on without the right and does not say so').toContain(text);
          }
        }
        if (needing.size > 0) shown.add(text);
        if (right.when !== undefined || !isExample) continue;
        expect([...needing], `${text} is not needed for "${scenario.description}": say when it is`).toEqual([...all]);
      }
      tried++;
    });

    it('are shown to be needed, but for those said to be unshown', () => {
      if (tried < rights.length) return;
      const unshown = rights.map(({ text }) => text).filter((text) => !shown.has(text));
      expect(unshown.toSorted()).toEqual([...(options.unshown ?? [])].toSorted());
    });
  });
}

function rightOf({ verb, group, resource, subresource }: TestedRequest): string {
  return `${verb} ${resourceText(group, subresource === '' ? resource : `${resource}/${subresource}`)}`;
}

function expectNamed(outcome: Outcome, text: string): void {
  expect(outcome.error, errorText(outcome.error)).toMatchObject({ code: 'forbidden', retryable: false });
  expect(outcome.message, 'it does not name the right that is missing').toContain(text);
}
